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
  readonly knee: number;
  readonly value: number;
  readonly left: number;
  readonly right: number;
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

/** PReLU of f(x), or undefined where f bends already. */
function rectified(f: PiecewiseLinear, slope: number): PiecewiseLinear | undefined {
  if (f.left !== f.right) return undefined;
  if (f.left === 0) return linear(0, 0, f.value > 0 ? f.value : slope * f.value);
  const knee = f.knee - f.value / f.left;
  return f.left > 0
    ? { knee, value: 0, left: f.left * slope, right: f.right }
    : { knee, value: 0, left: f.left, right: f.right * slope };
}

function compose(
  f: PiecewiseLinear,
  node: GraphNode,
  channel: number,
): PiecewiseLinear | undefined {
  switch (node.op) {
    case 'batch_norm': {
      const deviation = Math.sqrt(node.variance[channel]! + node.epsilon);
      const scale = node.gamma[channel]! / deviation;
      return scaled(f, scale, node.beta[channel]! - node.mean[channel]! * scale);
    }
    case 'affine':
      return scaled(f, node.scale?.[channel] ?? 1, node.bias?.[channel] ?? 0);
    case 'prelu':
      return rectified(f, node.slope[node.slope.length === 1 ? 0 : channel]!);
    case 'relu':
      return node.max === undefined ? rectified(f, 0) : undefined;
    default:
      return undefined;
  }
}

/** `node` after `functions`, one a channel; undefined where it cannot be folded in. */
export function composeAll(
  functions: readonly PiecewiseLinear[],
  node: GraphNode,
): PiecewiseLinear[] | undefined {
  const composed: PiecewiseLinear[] = [];
  for (let channel = 0; channel < functions.length; channel++) {
    const g = compose(functions[channel]!, node, channel);
    if (g === undefined) return undefined;
    composed.push(g);
  }
  return composed;
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
