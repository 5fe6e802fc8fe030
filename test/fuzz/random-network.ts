/**
 * A network of random operations that fit together. Of those with float32 activations it is known whether float32 holds
 * every number exactly: then kernels must equal the oracle. Signs, levels and
 * `round` read no other value, since their results would hang on a rounding.
 */

import { writeModelFile } from '../../src/file/model-file.ts';
import { OPERATIONS, type OpName } from '../../src/ops/index.ts';
import { type Shape, sizeOf, type Tensor } from '../../src/tensor.ts';
import { randomBits } from '../helpers/graphs.ts';
import type { Random } from '../helpers/random.ts';
import { pick } from './mutate.ts';

/** A value of the network. */
interface Value {
  readonly name: string;
  readonly shape: Shape;
  readonly binary: boolean;
  /** Of a number of a binary value. */
  readonly bits: number;
  /** A multiple of `unit` of at most `most`; undefined where it is rounded. */
  readonly exact: Exact | undefined;
}

interface Exact {
  readonly unit: number;
  readonly most: number;
}

/** What an operation makes of a value; undefined where it does not take it. */
interface Made {
  readonly attributes?: Record<string, unknown>;
  readonly inputs?: readonly Value[];
  readonly shape?: Shape;
  readonly bits?: number;
  readonly exact: Exact | undefined;
}

interface Context {
  readonly random: Random;
  readonly values: readonly Value[];
  readonly int16: boolean;
  /** Keeps a tensor; returns its name. */
  keep(tensor: Tensor): string;
}

type Maker = (value: Value, context: Context) => Made | undefined;

/** What every maker may assume of numbers: folded in any order they stay exact. */
const MOST_STEPS = 2 ** 17;
const MOST_MACS = 300_000;

const SIDES = [1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 20, 33];
const CHANNELS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 20, 24, 31, 32, 33, 48, 64, 65];

const isMap = ({ shape }: Value): boolean => shape.length === 3;

/** The same steps after a linear function: `scale` times as fine and as large, and `offset` more. */
function scaled(exact: Exact | undefined, finest: number, most: number, offset: number) {
  if (exact === undefined) return undefined;
  return { unit: Math.min(exact.unit * finest, 1 / 8), most: exact.most * most + offset };
}

function vector({ random, keep }: Context, length: number, choices: readonly number[]): string {
  const data = Float32Array.from({ length }, () => pick(random, choices));
  return keep({ dtype: 'F32', shape: [length], data });
}

const SCALES = [1, 1, -1, 0.5, -0.5, 2];
const OFFSETS = [0, 0, 1, -1, 0.125, -0.625, 2.5];
const SLOPES = [0, 0.25, 0.5, 1, -0.5, 0.25];

/** One for each channel, or one for all. */
const lengthFor = (random: Random, value: Value) => (random.next() < 0.8 ? value.shape[0] : 1);

interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number, number, number];
  readonly size: readonly [number, number];
}

/** A window that fits the map. */
function windowOn(random: Random, shape: Shape, pads: boolean): Window | undefined {
  const kernels = [
    [1, 1],
    [1, 1],
    [3, 3],
    [3, 3],
    [2, 2],
    [5, 5],
    [1, 7],
    [3, 1],
    [2, 3],
  ] as const;
  const kernel = pick(random, kernels);
  const stride = pick(random, [
    [1, 1],
    [1, 1],
    [2, 2],
    [2, 1],
    [1, 3],
  ] as const);
  const upTo = (side: number) => (pads ? random.below(Math.min(side, 4)) : 0);
  const half = kernel.map((side) => (pads ? side >> 1 : 0)) as [number, number];
  const padding =
    random.next() < 0.7
      ? ([...half, ...half] as const)
      : ([upTo(kernel[0]), upTo(kernel[1]), upTo(kernel[0]), upTo(kernel[1])] as const);
  const side = (at: 0 | 1) =>
    Math.floor((shape[at + 1]! + padding[at] + padding[at + 2]! - kernel[at]) / stride[at]) + 1;
  const size = [side(0), side(1)] as const;
  return size.every((pixels) => pixels > 0) ? { kernel, stride, padding, size } : undefined;
}

function groupsOf(random: Random, channels: number): number {
  const divisors = CHANNELS.filter((groups) => channels % groups === 0);
  return pick(random, [1, 1, channels, pick(random, divisors)]);
}

interface Convolution extends Window {
  readonly groups: number;
  readonly outChannels: number;
  readonly filter: number;
}

function convolutionOn({ random }: Context, { shape }: Value): Convolution | undefined {
  const window = windowOn(random, shape, true);
  if (window === undefined) return undefined;
  const [channels] = shape;
  const groups = groupsOf(random, channels);
  const outputs = CHANNELS.filter((outputs) => outputs % groups === 0);
  const outChannels = pick(random, outputs.length > 0 ? [channels, ...outputs] : [channels]);
  const filter = (channels / groups) * window.kernel[0] * window.kernel[1];
  const macs = filter * outChannels * window.size[0] * window.size[1];
  return macs <= MOST_MACS ? { ...window, groups, outChannels, filter } : undefined;
}

const quarters = [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1];

const MAKERS: { readonly [Op in OpName]: Maker } = {
  conv2d(value, context) {
    if (!isMap(value)) return undefined;
    const c = convolutionOn(context, value);
    if (c === undefined) return undefined;
    const { outChannels, filter, kernel, groups, size, stride, padding } = c;
    const shape = [outChannels, value.shape[0] / groups, ...kernel];
    const data = Float32Array.from({ length: sizeOf(shape) }, () => pick(context.random, quarters));
    const weight = context.keep({ dtype: 'F32', shape, data });
    const bias = context.random.next() < 0.5 ? { bias: vector(context, outChannels, OFFSETS) } : {};
    return {
      attributes: { weight, ...bias, stride, padding, groups },
      shape: [outChannels, ...size],
      exact: scaled(value.exact, 1 / 4, filter, 3),
    };
  },
  sign(value, context) {
    if (!isMap(value) || (value.exact === undefined && !context.int16)) return undefined;
    const length = lengthFor(context.random, value);
    const has = context.random.next() < 0.4;
    return {
      attributes: has ? { threshold: vector(context, length, OFFSETS) } : {},
      exact: { unit: 1, most: 1 },
    };
  },
  levels(value, context) {
    if (!isMap(value) || (value.exact === undefined && !context.int16)) return undefined;
    const bits = pick(context.random, [2, 2, 3, 4]);
    const shape = [2 ** bits - 1, lengthFor(context.random, value)];
    const data = Float32Array.from({ length: sizeOf(shape) }, () => pick(context.random, OFFSETS));
    return {
      attributes: { thresholds: context.keep({ dtype: 'F32', shape, data }) },
      bits,
      exact: { unit: 1, most: 2 ** bits - 1 },
    };
  },
  binary_conv2d(value, context) {
    const c = convolutionOn(context, value);
    if (c === undefined) return undefined;
    const { outChannels, filter, kernel, groups, size, stride, padding } = c;
    const words = Math.ceil(filter / 64);
    const data = randomBits(context.random, outChannels, filter);
    const weight = context.keep({ dtype: 'U64', shape: [outChannels, words], data });
    const alpha =
      context.random.next() < 0.6 ? { alpha: vector(context, outChannels, [1, 0.5, 0.25, 2]) } : {};
    return {
      attributes: {
        ...{ weight, ...alpha, kernel, stride, padding, groups },
        ...{ in_channels: value.shape[0], out_channels: outChannels },
        padding_value: pick(context.random, [0, 0, 1, -1]),
        bits: value.bits,
      },
      shape: [outChannels, ...size],
      exact: { unit: 1 / 4, most: 2 * filter * (2 ** value.bits - 1) },
    };
  },
  binary_weight_conv2d(value, context) {
    if (!isMap(value) || context.int16) return undefined;
    const c = convolutionOn(context, value);
    if (c === undefined) return undefined;
    const { random, keep } = context;
    const { outChannels, filter, kernel, groups, size, stride, padding } = c;
    const shape = [outChannels, Math.ceil(filter / 64)];
    const bits = randomBits(random, outChannels, filter);
    const kept = randomBits(random, outChannels, filter);
    const isTernary = random.next() < 0.4;
    const weight = isTernary ? bits.map((word, at) => word & kept[at]!) : bits;
    const few = { weight: keep({ dtype: 'U64', shape, data: weight }) };
    const nonzero = isTernary ? { nonzero: keep({ dtype: 'U64', shape, data: kept }) } : {};
    const alpha = { alpha: vector(context, outChannels, [1, 0.5, 0.25, 2]) };
    return {
      attributes: {
        ...{ ...few, ...nonzero, ...alpha, kernel, stride, padding, groups },
        ...{ in_channels: value.shape[0], out_channels: outChannels },
      },
      shape: [outChannels, ...size],
      exact: scaled(value.exact, 1 / 4, 2 * filter, 0),
    };
  },
  batch_norm(value, context) {
    const [length] = value.shape;
    return {
      attributes: {
        mean: vector(context, length, OFFSETS),
        variance: vector(context, length, [0.25, 1, 4]),
        gamma: vector(context, length, SCALES),
        beta: vector(context, length, OFFSETS),
        epsilon: 0,
      },
      exact: scaled(value.exact, 1 / 4, 4, 13),
    };
  },
  affine(value, context) {
    const { random } = context;
    const scale =
      random.next() < 0.8 ? { scale: vector(context, lengthFor(random, value), SCALES) } : {};
    const bias =
      random.next() < 0.8 ? { bias: vector(context, lengthFor(random, value), OFFSETS) } : {};
    return { attributes: { ...scale, ...bias }, exact: scaled(value.exact, 1 / 2, 2, 3) };
  },
  prelu(value, context) {
    const slope = vector(context, lengthFor(context.random, value), SLOPES);
    return { attributes: { slope }, exact: scaled(value.exact, 1 / 4, 1, 0) };
  },
  relu: (value, { random }) => ({
    attributes: random.next() < 0.4 ? { max: pick(random, [6, 1, 0.5, 0]) } : {},
    exact: scaled(value.exact, 1, 1, 0),
  }),
  hard_tanh: ({ exact }) => ({ exact: scaled(exact, 1, 1, 0) }),
  sigmoid: () => ({ exact: undefined }),
  round: ({ exact }, { int16 }) =>
    int16 || exact === undefined
      ? undefined
      : { attributes: { min: -20, max: 30 }, exact: { unit: 1, most: 30 } },
  multiply(value, { random, values }) {
    const [channels, height, width] = value.shape;
    const shapes = [[channels], [channels, 1, 1], [1, height, width], value.shape].map(String);
    const factors = values.filter(({ binary, shape }) => !binary && shapes.includes(String(shape)));
    const factor = pick(random, factors);
    const { exact } = value;
    return {
      inputs: [value, factor],
      exact: exact &&
        factor.exact && {
          unit: exact.unit * factor.exact.unit,
          most: exact.most * factor.exact.most,
        },
    };
  },
  add(value, { random, values }) {
    const others = values.filter(
      (other) => !other.binary && String(other.shape) === String(value.shape),
    );
    const other = pick(random, others);
    return {
      inputs: random.next() < 0.5 ? [value, other] : [other, value],
      exact: both(value.exact, other.exact, (a, b) => a + b),
    };
  },
  concat(value, { random, values }) {
    const fits = values.filter(
      ({ binary, shape }) =>
        !binary && isMap(value) && String(shape.slice(1)) === String(value.shape.slice(1)),
    );
    if (fits.length === 0) return undefined;
    const inputs = [
      value,
      ...Array.from({ length: 1 + random.below(3) }, () => pick(random, fits)),
    ];
    const channels = inputs.reduce((sum, { shape }) => sum + shape[0], 0);
    if (channels > 130) return undefined;
    return {
      inputs,
      shape: [channels, value.shape[1]!, value.shape[2]!],
      exact: inputs.map(({ exact }) => exact).reduce((a, b) => both(a, b, Math.max)),
    };
  },
  average_pool2d: (value, context) => pool(value, context, false),
  max_pool2d: (value, context) => pool(value, context, true),
  global_average_pool(value) {
    if (!isMap(value)) return undefined;
    const pixels = value.shape[1]! * value.shape[2]!;
    return {
      shape: [value.shape[0]],
      exact: isPower(pixels) ? scaled(value.exact, 1 / pixels, pixels, 0) : undefined,
    };
  },
  flatten: (value) =>
    sizeOf(value.shape) <= 3000 ? { shape: [sizeOf(value.shape)], exact: value.exact } : undefined,
  dense(value, context) {
    if (isMap(value)) return undefined;
    const { random, keep } = context;
    const [inputs] = value.shape;
    const outputs = pick(random, CHANNELS);
    const shape = [outputs, inputs];
    const length = sizeOf(shape);
    const attributes: Record<string, unknown> =
      random.next() < 0.5
        ? {
            weight: keep({
              dtype: 'F32',
              shape,
              data: Float32Array.from({ length }, () => pick(random, quarters)),
            }),
          }
        : {
            weight: keep({
              dtype: 'I8',
              shape,
              data: Int8Array.from({ length }, () => random.below(9) - 4),
            }),
            weight_scale: vector(context, outputs, [0.25, 0.5]),
          };
    if (random.next() < 0.5) attributes.bias = vector(context, outputs, OFFSETS);
    return { attributes, shape: [outputs], exact: scaled(value.exact, 1 / 4, 4 * inputs, 3) };
  },
};

const isPower = (count: number) => Number.isInteger(Math.log2(count));

function both(
  a: Exact | undefined,
  b: Exact | undefined,
  most: (a: number, b: number) => number,
): Exact | undefined {
  return a && b && { unit: Math.min(a.unit, b.unit), most: most(a.most, b.most) };
}

function pool(value: Value, { random }: Context, isMax: boolean): Made | undefined {
  if (!isMap(value)) return undefined;
  const window = windowOn(random, value.shape, random.next() < 0.5);
  if (window === undefined) return undefined;
  const { kernel, stride, padding, size } = window;
  if (kernel.some((side, at) => Math.max(padding[at]!, padding[at + 2]!) >= side)) return undefined;
  const taps = kernel[0] * kernel[1];
  const isExact = isMax || (isPower(taps) && padding.every((pixels) => pixels === 0));
  return {
    attributes: { kernel, stride, padding },
    shape: [value.shape[0], ...size],
    exact: isExact ? scaled(value.exact, isMax ? 1 : 1 / taps, isMax ? 1 : taps, 0) : undefined,
  };
}

/** As often as they are in networks, so that what belongs together often comes together. */
const WEIGHTS: Partial<Record<OpName, number>> = {
  sign: 4,
  levels: 2,
  conv2d: 3,
  prelu: 2,
  batch_norm: 2,
  add: 3,
};

const WISHES = (Object.keys(OPERATIONS) as OpName[]).flatMap((op) =>
  Array.from({ length: WEIGHTS[op] ?? 1 }, () => op),
);

/** @returns a model file; its name is `exact` where the oracle's output is to be met exactly */
export async function randomNetwork(random: Random): Promise<Uint8Array> {
  const tensors = new Map<string, Tensor>();
  const nodes: Record<string, unknown>[] = [];
  const int16 = random.next() < 0.4;
  const shape = [
    pick(random, [3, 3, ...CHANNELS]),
    pick(random, SIDES),
    pick(random, SIDES),
  ] as const;
  const values: Value[] = [
    { name: 'image', shape, binary: false, bits: 1, exact: { unit: 1 / 8, most: 4 } },
  ];
  const keep = (tensor: Tensor) => {
    const name = `t${tensors.size}`;
    tensors.set(name, tensor);
    return name;
  };
  const context = { random, values, int16, keep };
  const wanted = 1 + random.below(14);
  for (let tries = 0; nodes.length < wanted && tries < 100; tries++) {
    // The last one mostly, so that there is a depth to it.
    const value = random.next() < 0.85 ? values.at(-1)! : pick(random, values);
    const op = value.binary ? 'binary_conv2d' : pick(random, WISHES);
    if (op === 'binary_conv2d' && !value.binary) continue;
    // With int16 a vector is for the head: the oracle knows no more of them.
    if (int16 && !isMap(value) && op !== 'dense') continue;
    const made = MAKERS[op](value, context);
    if (made === undefined) continue;
    const { attributes = {}, inputs = [value], exact } = made;
    const isExact = exact !== undefined && exact.most / exact.unit <= MOST_STEPS;
    const name = `n${nodes.length}`;
    nodes.push({ name, op, inputs: inputs.map((input) => input.name), ...attributes });
    values.push({
      name,
      shape: made.shape ?? value.shape,
      binary: op === 'sign' || op === 'levels',
      bits: made.bits ?? 1,
      exact: isExact ? exact : undefined,
    });
  }
  const output = values.filter(({ binary, name }) => !binary && name !== 'image').at(-1);
  // As rare as it is short.
  if (output === undefined) return randomNetwork(random);
  const stream = int16 ? { stream: { type: 'int16', fraction: 2 + random.below(11) } } : {};
  const graph = {
    inputs: [{ name: 'image', shape }],
    nodes,
    outputs: [output.name],
    ...stream,
  };
  const size = shape.slice(1);
  const side = { rule: 'stretch', size, filter: 'bilinear' };
  const preprocessing = {
    size,
    resize: side,
    crop: 'none',
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
  };
  const classes = sizeOf(output.shape);
  const metadata = new Map([
    ['format', 'mobinet'],
    ['format_version', '1'],
    ['name', output.exact ? 'exact' : 'rounded'],
    ['graph', JSON.stringify(graph)],
    ['labels', JSON.stringify(Array.from({ length: classes }, (_, at) => `c${at}`))],
    ['preprocessing', JSON.stringify(preprocessing)],
  ]);
  return writeModelFile({ metadata, tensors });
}
