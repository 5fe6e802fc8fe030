/** Layers to a graph of the model file; here it is decided what is stored as bits. */

import { ImportError } from '../errors.ts';
import type { GraphDefinition } from '../networks/writer.ts';
import type { Padding, Pair, Tensor } from '../tensor.ts';
import { product } from './array.ts';
import type { ConvLayer, Layer } from './layers.ts';
import { type Steps, tieLevel, withoutTie } from './steps.ts';
import { type Base, basesOf, packSigns } from './weights.ts';

/** What became of one convolution or dense layer. */
export interface LayerReport {
  readonly name: string;
  readonly operation: string;
  /** `bits`, or `float` and why. */
  readonly as: 'bits' | 'float';
  readonly why: string;
  /** Binary convolutions that it became: levels of the input times bases of the weights. */
  readonly convolutions: number;
  readonly warning: boolean;
}

export interface Emitted {
  readonly definition: GraphDefinition;
  readonly layers: readonly LayerReport[];
  /** What the file asks for and is done otherwise. */
  readonly notes: readonly string[];
}

export interface EmitOptions {
  /** How far weights may be from +-alpha, relative to alpha. */
  readonly tolerance: number;
}

/** More binary convolutions than these cost as much as a float one, or nearly. */
const MOST_PLANES = 24;

interface Emitter {
  readonly nodes: Record<string, unknown>[];
  readonly tensors: Map<string, Tensor>;
  readonly reports: LayerReport[];
  readonly notes: Set<string>;
  readonly options: EmitOptions;
  /** Names of the values of layers. */
  readonly values: Map<Layer, string>;
  /** Signs by what they are of. */
  readonly signs: Map<string, string>;
  /** Whether vectors are kept as maps of one pixel, since a binary layer reads one. */
  readonly asMaps: boolean;
}

export function emitGraph(output: Layer, all: readonly Layer[], options: EmitOptions): Emitted {
  const needed = neededLayers(output, all);
  const last = output.op === 'softmax' ? output.inputs[0]! : output;
  const emitter: Emitter = {
    nodes: [],
    tensors: new Map(),
    reports: [],
    notes: new Set(),
    options,
    values: new Map(),
    signs: new Map(),
    asMaps: needed.some(
      (layer) => layer.op === 'conv' && layer.steps !== undefined && area(layer.inputs[0]!) === 1,
    ),
  };
  if (last !== output) {
    emitter.notes.add('the softmax at the end is left out: scores are computed from the logits');
  }
  for (const layer of needed) {
    if (layer === output && last !== output) continue;
    emitter.values.set(layer, emitLayer(emitter, layer));
  }
  let name = emitter.values.get(last)!;
  if (last.op === 'input') {
    throw new ImportError('IMPORT_UNSUPPORTED', 'The output is the input', {
      hint: 'export a network',
    });
  }
  if (area(last) === 1 && emitter.asMaps) name = add(emitter, 'logits', 'flatten', [name]);
  const input = needed.find((layer) => layer.op === 'input');
  if (input === undefined) {
    throw new ImportError('IMPORT_UNSUPPORTED', 'The output does not depend on the input');
  }
  return {
    definition: {
      json: {
        inputs: [{ name: input.name, shape: [...input.shape] }],
        nodes: emitter.nodes,
        outputs: [name],
      },
      tensors: emitter.tensors,
    },
    layers: emitter.reports,
    notes: [...emitter.notes],
  };
}

function area({ shape }: Layer): number {
  return shape[1] * shape[2];
}

function neededLayers(output: Layer, all: readonly Layer[]): Layer[] {
  const needed = new Set<Layer>([output]);
  for (const layer of [...all].reverse()) {
    if (needed.has(layer)) for (const input of layer.inputs) needed.add(input);
  }
  return all.filter((layer) => needed.has(layer));
}

function add(
  { nodes }: Emitter,
  name: string,
  op: string,
  inputs: readonly string[],
  attributes: Record<string, unknown> = {},
): string {
  const taken = nodes.some((node) => node.name === name);
  const unique = taken ? `${name}.${nodes.length}` : name;
  nodes.push({ name: unique, op, inputs, ...attributes });
  return unique;
}

function floats(emitter: Emitter, name: string, shape: number[], data: Float32Array): string {
  const bad = data.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    throw new ImportError('IMPORT_DATA', `The constant ${name} has ${data[bad]} at index ${bad}`, {
      hint: 'every number of a model must be finite',
    });
  }
  return tensor(emitter, name, { dtype: 'F32', shape, data });
}

function tensor({ tensors }: Emitter, name: string, value: Tensor): string {
  const unique = tensors.has(name) ? `${name}.${tensors.size}` : name;
  tensors.set(unique, value);
  return unique;
}

function affine(
  emitter: Emitter,
  name: string,
  input: string,
  channels: number,
  { scale, bias }: { scale?: Float32Array | number; bias?: Float32Array | number },
): string {
  const vector = (key: string, by: Float32Array | number) =>
    floats(
      emitter,
      `${name}.${key}`,
      [channels],
      typeof by === 'number' ? new Float32Array(channels).fill(by) : by,
    );
  return add(emitter, name, 'affine', [input], {
    ...(scale === undefined ? {} : { scale: vector('scale', scale) }),
    ...(bias === undefined ? {} : { bias: vector('bias', bias) }),
  });
}

function emitLayer(emitter: Emitter, layer: Layer): string {
  const inputs = layer.inputs.map((input) => emitter.values.get(input)!);
  const input = inputs[0]!;
  const { name, shape } = layer;
  const [channels] = shape;
  switch (layer.op) {
    case 'input':
      return name;
    case 'conv':
      return emitConv(emitter, layer, input);
    case 'affine':
      return affine(emitter, name, input, channels, layer);
    case 'batch_norm': {
      const vector = (key: 'mean' | 'variance' | 'gamma' | 'beta') =>
        floats(emitter, `${name}.${key}`, [channels], layer[key]);
      return add(emitter, name, 'batch_norm', [input], {
        mean: vector('mean'),
        variance: vector('variance'),
        gamma: vector('gamma'),
        beta: vector('beta'),
        epsilon: layer.epsilon,
      });
    }
    case 'prelu':
      return add(emitter, name, 'prelu', [input], {
        slope: floats(emitter, `${name}.slope`, [layer.slope.length], layer.slope),
      });
    case 'abs':
      return add(emitter, name, 'prelu', [input], {
        slope: floats(emitter, `${name}.slope`, [1], Float32Array.of(-1)),
      });
    case 'clip':
      return emitClip(emitter, layer, input);
    case 'steps':
      return floatSteps(emitter, name, layer.inputs[0]!, layer.steps);
    case 'add':
    case 'concat':
      return add(emitter, name, layer.op, inputs);
    case 'multiply':
    case 'sigmoid':
      throw new ImportError('IMPORT_UNSUPPORTED', 'the model file has no such operation', {
        ...layer.source,
        hint: 'products of two values of the picture and sigmoids cannot be run',
      });
    case 'max_pool2d':
    case 'average_pool2d': {
      const { kernel, stride, padding } = layer;
      return add(emitter, name, layer.op, [input], { kernel, stride, padding });
    }
    case 'global_average_pool': {
      const [, height, width] = layer.inputs[0]!.shape;
      if (!emitter.asMaps) return add(emitter, name, layer.op, [input]);
      const kernel = [height, width];
      return add(emitter, name, 'average_pool2d', [input], {
        kernel,
        stride: kernel,
        padding: [0, 0, 0, 0],
      });
    }
    case 'channel_mean': {
      const from = layer.inputs[0]!.shape[0];
      const weight = new Float32Array(from).fill(1 / from);
      return plainConv(emitter, name, input, [1, from, 1, 1], weight, {});
    }
    case 'pad':
      return emitPad(emitter, layer, input);
    case 'slice':
      return emitSlice(emitter, layer, input);
    case 'flatten':
      return emitFlatten(emitter, layer, input);
    case 'softmax':
      throw new ImportError('IMPORT_UNSUPPORTED', 'it is not at the end of the network', {
        ...layer.source,
        hint: 'a softmax is left out at the end; elsewhere it is not known',
      });
  }
}

/** A float convolution of our own making, or one of the model without signs before it. */
function plainConv(
  emitter: Emitter,
  name: string,
  input: string,
  shape: [number, number, number, number],
  weight: Float32Array,
  window: { stride?: Pair; padding?: Padding; groups?: number; bias?: Float32Array | undefined },
): string {
  const { stride = [1, 1], padding = [0, 0, 0, 0], groups = 1, bias } = window;
  return add(emitter, name, 'conv2d', [input], {
    weight: floats(emitter, `${name}.weight`, shape, weight),
    ...(bias === undefined ? {} : { bias: floats(emitter, `${name}.bias`, [shape[0]], bias) }),
    stride,
    padding,
    groups,
  });
}

function emitConv(emitter: Emitter, layer: ConvLayer & Layer, input: string): string {
  const { name, steps, bias, outChannels } = layer;
  const from = layer.inputs[0]!;
  const bases = basesOf(layer.weight, outChannels, emitter.options.tolerance);
  const simplified = steps && withoutTies(emitter, from, steps, layer);
  const planes = simplified && planesOf(simplified, layer);
  const count = (planes?.planes.length ?? 0) * (bases?.length ?? 0);
  const plain = layer.dilation.every((by) => by === 1);
  const report = (as: 'bits' | 'float', why: string, warning = false) =>
    emitter.reports.push({
      name,
      operation: layer.source.operation,
      as,
      why,
      convolutions: as === 'bits' ? count : 0,
      warning,
    });
  if (bases !== undefined && planes !== undefined && plain && count <= MOST_PLANES) {
    const levels = planes.planes.length + 1;
    report('bits', `input of ${levels} levels, ${describeBases(bases)}`);
    return binaryConvs(emitter, layer, bases, planes);
  }
  if (simplified === undefined) {
    const unsigned =
      bases !== undefined && layer.weight.length > outChannels * layer.kernel[0] * layer.kernel[1];
    report(
      'float',
      unsigned
        ? `weights are ${describeBases(bases)}, but no sign comes before them: did the exporter drop one?`
        : 'neither weights nor input are few-valued',
      unsigned,
    );
  } else if (bases === undefined) report('float', 'the input is signs, the weights are float');
  else if (!plain) report('float', 'it is dilated');
  else report('float', `${count || 'its'} planes of bits and this padding cost more than floats`);
  const source =
    simplified === undefined ? input : floatSteps(emitter, `${name}.levels`, from, simplified);
  const { stride, groups } = layer;
  const { weight, kernel } = undilated(layer);
  let value = source;
  let { padding } = layer;
  if (layer.paddingValue !== 0 && padding.some((side) => side > 0)) {
    value = padded(emitter, `${name}.border`, value, from.shape[0], padding, layer.paddingValue);
    padding = [0, 0, 0, 0];
  }
  const inChannels = from.shape[0];
  const whole =
    product(kernel) === area(from) && padding.every((side) => side === 0) && groups === 1;
  if (whole && !emitter.asMaps && area(layer) === 1 && simplified === undefined) {
    const vector =
      area(from) === 1 && isVector(from) ? value : add(emitter, `${name}.flat`, 'flatten', [value]);
    return add(emitter, name, 'dense', [vector], {
      weight: floats(emitter, `${name}.weight`, [outChannels, inChannels * area(from)], weight),
      ...(bias === undefined ? {} : { bias: floats(emitter, `${name}.bias`, [outChannels], bias) }),
    });
  }
  const shape: [number, number, number, number] = [outChannels, inChannels / groups, ...kernel];
  return plainConv(emitter, name, value, shape, weight, { stride, padding, groups, bias });
}

/** Whether a layer's value is `[C]` where vectors are not kept as maps. */
function isVector(layer: Layer): boolean {
  switch (layer.op) {
    case 'global_average_pool':
    case 'flatten':
      return true;
    case 'conv': {
      const from = layer.inputs[0]!;
      const whole =
        product(layer.kernel) === area(from) && layer.padding.every((side) => side === 0);
      return whole && area(layer) === 1 && layer.groups === 1 && layer.steps === undefined;
    }
    case 'input':
    case 'max_pool2d':
    case 'average_pool2d':
    case 'concat':
    case 'pad':
    case 'slice':
    case 'channel_mean':
    case 'steps':
      return false;
    default:
      return layer.inputs.every(isVector);
  }
}

function describeBases(bases: readonly Base[]): string {
  if (bases.length === 1) return '+-alpha';
  return `the sum of ${bases.length} binary bases`;
}

/** Zeros between the taps: a dilated kernel as a plain one. */
function undilated({ weight, kernel, dilation }: ConvLayer): {
  weight: Float32Array;
  kernel: Pair;
} {
  const [kh, kw] = kernel;
  const wide: Pair = [dilation[0] * (kh - 1) + 1, dilation[1] * (kw - 1) + 1];
  if (wide[0] === kh && wide[1] === kw) return { weight, kernel };
  const filters = weight.length / (kh * kw);
  const spread = new Float32Array(filters * product(wide));
  for (let at = 0; at < weight.length; at++) {
    const [filter, y, x] = [Math.floor(at / (kh * kw)), Math.floor(at / kw) % kh, at % kw];
    spread[(filter * wide[0] + y * dilation[0]) * wide[1] + x * dilation[1]] = weight[at]!;
  }
  return { weight: spread, kernel: wide };
}

/** One sign of a sum of them: threshold, half the step there, and what a tap outside counts. */
interface Plane {
  readonly threshold: number;
  readonly half: number;
  readonly paddingValue: number;
}

/** A step function as offset + sum of half x sign; undefined where its padding fits no sign. */
function planesOf(
  { breaks, levels }: Steps,
  { padding, paddingValue }: Pick<ConvLayer, 'padding' | 'paddingValue'>,
): { planes: Plane[]; offset: number } | undefined {
  if (breaks.length === 0) return undefined;
  const halves = breaks.map((_, at) => (levels[at + 1]! - levels[at]!) / 2);
  const offset = halves.reduce((sum, half) => sum + half, levels[0]!);
  const none = padding.every((side) => side === 0);
  const near = (x: number) =>
    Math.abs(x - paddingValue) <= 1e-6 * Math.abs(levels.at(-1)! - levels[0]!);
  const level = levels.findIndex(near);
  if (!none && !near(offset) && level < 0) return undefined;
  const planes = breaks.map((threshold, at) => ({
    threshold,
    half: halves[at]!,
    paddingValue: none || near(offset) ? 0 : at < level ? 1 : -1,
  }));
  return { planes, offset };
}

/**
 * Where a level is taken by a single number only, which is what torch makes of 0, and that number
 * does not happen but by chance, it joins the level below.
 */
function withoutTies(emitter: Emitter, from: Layer, steps: Steps, layer: Layer): Steps {
  const tie = tieLevel(steps);
  if (tie === undefined || mayHitZero(from)) return steps;
  const [at, below] = [steps.levels[tie], steps.levels[tie - 1]];
  emitter.notes.add(
    `${layer.source.operation} ${layer.name}: the sign before it makes ${at} of exactly 0 in the file, ${below} here`,
  );
  return withoutTie(steps, tie);
}

/** Whether a value is exactly 0 now and then: sums of whole numbers, rectified or padded values. */
function mayHitZero(layer: Layer): boolean {
  switch (layer.op) {
    case 'conv':
      return layer.steps !== undefined && layer.bias === undefined;
    case 'clip':
      return layer.min === 0 || layer.max === 0;
    case 'steps':
      return layer.steps.levels.includes(0);
    case 'affine':
      return layer.bias === undefined && mayHitZero(layer.inputs[0]!);
    case 'pad':
      return layer.value === 0 || mayHitZero(layer.inputs[0]!);
    case 'batch_norm':
    case 'input':
    case 'sigmoid':
    case 'softmax':
      return false;
    case 'add':
      return layer.inputs.every(mayHitZero);
    default:
      return layer.inputs.some(mayHitZero);
  }
}

function signOf(emitter: Emitter, from: Layer, threshold: number): string {
  const input = emitter.values.get(from)!;
  const key = `${input}\0${threshold}`;
  const known = emitter.signs.get(key);
  if (known !== undefined) return known;
  const name = `${from.name}.sign`;
  const made = add(
    emitter,
    name,
    'sign',
    [input],
    threshold === 0
      ? {}
      : {
          threshold: floats(
            emitter,
            `${name}.threshold`,
            [from.shape[0]],
            new Float32Array(from.shape[0]).fill(threshold),
          ),
        },
  );
  emitter.signs.set(key, made);
  return made;
}

function binaryConvs(
  emitter: Emitter,
  layer: ConvLayer & Layer,
  bases: readonly Base[],
  { planes, offset }: { planes: readonly Plane[]; offset: number },
): string {
  const { name, kernel, stride, padding, groups, outChannels, weight } = layer;
  const from = layer.inputs[0]!;
  const isPlain = planes.length * bases.length === 1;
  let sum: string | undefined;
  for (const [b, base] of bases.entries()) {
    const at = bases.length === 1 ? name : `${name}.base${b}`;
    const bits = tensor(emitter, `${at}.weight`, {
      dtype: 'U64',
      shape: [outChannels, Math.ceil(weight.length / outChannels / 64)],
      data: packSigns(base.signs, outChannels, product(kernel)),
    });
    for (const [p, { threshold, half, paddingValue }] of planes.entries()) {
      const own = planes.length === 1 ? at : `${at}.plane${p}`;
      const alpha = base.alpha.map((x) => x * half);
      const made = add(
        emitter,
        isPlain ? name : own,
        'binary_conv2d',
        [signOf(emitter, from, threshold)],
        {
          weight: bits,
          ...(alpha.every((x) => x === 1)
            ? {}
            : { alpha: floats(emitter, `${own}.alpha`, [outChannels], alpha) }),
          kernel,
          in_channels: from.shape[0],
          out_channels: outChannels,
          stride,
          padding,
          padding_value: padding.every((side) => side === 0) ? 0 : paddingValue,
          groups,
        },
      );
      sum = sum === undefined ? made : add(emitter, `${own}.sum`, 'add', [sum, made]);
    }
  }
  const bias = layer.bias === undefined ? new Float32Array(outChannels) : layer.bias.slice();
  const elements = weight.length / outChannels;
  for (let output = 0; offset !== 0 && output < outChannels; output++) {
    let total = 0;
    for (const { alpha, signs } of bases) {
      const row = signs.subarray(output * elements, (output + 1) * elements);
      total += alpha[output]! * row.reduce((all, s) => all + s, 0);
    }
    bias[output]! += offset * total;
  }
  if (bias.every((x) => x === 0)) return sum!;
  return affine(emitter, `${name}.bias`, sum!, outChannels, { bias });
}

/** Levels as float numbers: signs, each times one weight. */
function floatSteps(emitter: Emitter, name: string, from: Layer, steps: Steps): string {
  const [channels] = from.shape;
  const identity: ConvLayer & Layer = {
    ...from,
    op: 'conv',
    name,
    inputs: [from],
    weight: new Float32Array(channels).fill(1),
    bias: undefined,
    outChannels: channels,
    groups: channels,
    kernel: [1, 1],
    stride: [1, 1],
    dilation: [1, 1],
    padding: [0, 0, 0, 0],
    paddingValue: 0,
    steps,
  };
  const bases = basesOf(identity.weight, channels, 0)!;
  const planes = planesOf(steps, identity);
  if (planes !== undefined) return binaryConvs(emitter, identity, bases, planes);
  return affine(emitter, name, emitter.values.get(from)!, channels, {
    scale: 0,
    bias: steps.levels[0]!,
  });
}

/** With relu alone: x between limits is what is above the lower one, and at most so much. */
function emitClip(emitter: Emitter, layer: Layer & { op: 'clip' }, input: string): string {
  const { name, min, max } = layer;
  const [channels] = layer.shape;
  if (min === -1 && max === 1) return add(emitter, name, 'hard_tanh', [input]);
  if (min === Number.NEGATIVE_INFINITY) {
    if (max === Number.POSITIVE_INFINITY) return input;
    const below = affine(emitter, `${name}.below`, input, channels, { scale: -1, bias: max });
    const kept = add(emitter, `${name}.relu`, 'relu', [below]);
    return affine(emitter, name, kept, channels, { scale: -1, bias: max });
  }
  const limit = max === Number.POSITIVE_INFINITY ? {} : { max: max - min };
  if (min === 0) return add(emitter, name, 'relu', [input], limit);
  const above = affine(emitter, `${name}.above`, input, channels, { bias: -min });
  const kept = add(emitter, `${name}.relu`, 'relu', [above], limit);
  return affine(emitter, name, kept, channels, { bias: min });
}

/** A border of zeros, by a convolution that changes nothing else; of another value, around it. */
function padded(
  emitter: Emitter,
  name: string,
  input: string,
  channels: number,
  padding: Padding,
  value: number,
): string {
  const shifted =
    value === 0 ? input : affine(emitter, `${name}.shift`, input, channels, { bias: -value });
  const weight = new Float32Array(channels).fill(1);
  const bias = value === 0 ? undefined : new Float32Array(channels).fill(value);
  return plainConv(emitter, name, shifted, [channels, 1, 1, 1], weight, {
    padding,
    groups: channels,
    bias,
  });
}

function emitPad(emitter: Emitter, layer: Layer & { op: 'pad' }, input: string): string {
  const { name, padding, value, channels } = layer;
  const from = layer.inputs[0]!.shape[0];
  if (channels[0] + channels[1] === 0) return padded(emitter, name, input, from, padding, value);
  const to = layer.shape[0];
  const weight = new Float32Array(to * from);
  for (let c = 0; c < from; c++) weight[(channels[0] + c) * from + c] = 1;
  const isNew = (c: number) => c < channels[0] || c >= channels[0] + from;
  const bias = Float32Array.from({ length: to }, (_, c) => (isNew(c) ? value : 0));
  return plainConv(emitter, name, input, [to, from, 1, 1], weight, { bias });
}

/** By a convolution that picks one tap. */
function emitSlice(emitter: Emitter, layer: Layer & { op: 'slice' }, input: string): string {
  const { name, begin, step, shape } = layer;
  const [from, height, width] = layer.inputs[0]!.shape;
  const last = (axis: 1 | 2) => begin[axis] + (shape[axis] - 1) * step[axis];
  const kernel: Pair = [height - last(1) + begin[1], width - last(2) + begin[2]];
  const weight = new Float32Array(shape[0] * from * product(kernel));
  for (let c = 0; c < shape[0]; c++) {
    const channel = begin[0] + c * step[0];
    weight[((c * from + channel) * kernel[0] + begin[1]) * kernel[1] + begin[2]] = 1;
  }
  return plainConv(emitter, name, input, [shape[0], from, ...kernel], weight, {
    stride: [step[1], step[2]],
  });
}

function emitFlatten(emitter: Emitter, layer: Layer, input: string): string {
  if (!emitter.asMaps) return add(emitter, layer.name, 'flatten', [input]);
  const [channels, height, width] = layer.inputs[0]!.shape;
  const size = channels * height * width;
  const weight = new Float32Array(size * size);
  for (let at = 0; at < size; at++) weight[at * size + at] = 1;
  return plainConv(emitter, layer.name, input, [size, channels, height, width], weight, {});
}
