import type { GraphNode } from '../graph/graph.ts';

/**
 * A function with at most one kink, per channel:
 *
 *     f(x) = value + (x > knee ? right : left) * (x - knee)
 *
 * Alpha, bias, batch norm, PReLU and ReLU all are, and so are their compositions as long as only one
 * of them bends. Kept in float64 and rounded once, when the parameters are written.
 */
export interface PiecewiseLinear {
  knee: number;
  value: number;
  left: number;
  right: number;
}

/** slope * (x - zero) + value. */
export function linear(slope: number, zero = 0, value = 0): PiecewiseLinear {
  return { knee: zero, value, left: slope, right: slope };
}

/** scale * f(x) + bias. */
export function scaled(f: PiecewiseLinear, scale: number, bias: number): PiecewiseLinear {
  return {
    knee: f.knee,
    value: f.value * scale + bias,
    left: f.left * scale,
    right: f.right * scale,
  };
}

/** f becomes scale * f(x) + bias. */
function rescale(f: PiecewiseLinear, scale: number, bias: number): void {
  f.value = f.value * scale + bias;
  f.left *= scale;
  f.right *= scale;
}

/** f, which does not bend yet, becomes PReLU of f(x). */
function rectify(f: PiecewiseLinear, slope: number): void {
  if (f.left === 0) {
    f.knee = 0;
    f.value = f.value > 0 ? f.value : slope * f.value;
    return;
  }
  f.knee -= f.value / f.left;
  f.value = 0;
  if (f.left > 0) f.left *= slope;
  else f.right *= slope;
}

/** Whether `node` after `functions` still has one kink. */
function canCompose(functions: readonly PiecewiseLinear[], node: GraphNode): boolean {
  switch (node.op) {
    case 'batch_norm':
    case 'affine':
      return true;
    case 'prelu':
      return functions.every(({ left, right }) => left === right);
    case 'relu':
      return node.max === undefined && functions.every(({ left, right }) => left === right);
    default:
      return false;
  }
}

function compose(f: PiecewiseLinear, node: GraphNode, channel: number): void {
  switch (node.op) {
    case 'batch_norm': {
      const deviation = Math.sqrt(node.variance[channel]! + node.epsilon);
      const scale = node.gamma[channel]! / deviation;
      rescale(f, scale, node.beta[channel]! - node.mean[channel]! * scale);
      break;
    }
    case 'affine':
      rescale(f, node.scale?.[channel] ?? 1, node.bias?.[channel] ?? 0);
      break;
    case 'prelu':
      rectify(f, node.slope[node.slope.length === 1 ? 0 : channel]!);
      break;
    case 'relu':
      rectify(f, 0);
      break;
  }
}

/**
 * `node` after `functions`, one a channel, in place: a model has tens of thousands of them.
 * @returns undefined where it cannot be folded in; they are then as they were
 */
export function composeAll(
  functions: PiecewiseLinear[],
  node: GraphNode,
): PiecewiseLinear[] | undefined {
  if (!canCompose(functions, node)) return undefined;
  for (let channel = 0; channel < functions.length; channel++) {
    compose(functions[channel]!, node, channel);
  }
  return functions;
}

/** float32 of a channel's parameters. */
const PARAMETERS = 5;

/**
 * The kernels' parameters, `[channel][5]` float32: knee, slope, bend, offset, threshold
 * (assembly/epilogue.ts).
 */
export function epilogueParameters(
  functions: readonly PiecewiseLinear[],
  thresholds: Float32Array | undefined,
): Float32Array {
  const parameters = new Float32Array(functions.length * PARAMETERS);
  for (let channel = 0; channel < functions.length; channel++) {
    const { knee, value, left, right } = withinFloat32(functions[channel]!);
    const at = channel * PARAMETERS;
    parameters[at] = knee;
    parameters[at + 1] = left;
    parameters[at + 2] = right - left;
    parameters[at + 3] = value;
    parameters[at + 4] = thresholds?.[channel] ?? 0;
  }
  return parameters;
}

/** A knee that is farther away than any float32 is never reached: one of the sides is all. */
function withinFloat32(f: PiecewiseLinear): PiecewiseLinear {
  if (Number.isFinite(Math.fround(f.knee))) return f;
  const slope = f.knee > 0 ? f.left : f.right;
  return linear(slope, 0, f.value - slope * f.knee);
}
