/**
 * The networks of the paper with random weights, in the form of the model file: what costs and
 * speeds are measured on where no training is needed.
 */

import { InputError } from '../errors.ts';
import type { Graph, Int16Stream, Tensor } from './graph.ts';
import { parseGraph } from './parse.ts';

/** The graph's JSON and its tensors, as in a model file. */
export interface GraphDefinition {
  readonly json: {
    readonly inputs: { name: string; shape: number[] }[];
    readonly nodes: Record<string, unknown>[];
    readonly outputs: string[];
    readonly stream?: Int16Stream;
  };
  readonly tensors: ReadonlyMap<string, Tensor>;
}

export interface NetworkOptions {
  /** Factor of all channel counts: 1, 0.5, 0.25. */
  readonly width: number;
  /** Height and width of the input, pixels; a multiple of 32. */
  readonly size: number;
  readonly classes: number;
  /** How many bits a weight of the head has; default 32, float32. */
  readonly headBits?: 8 | 32 | undefined;
  /** Of the random weights; default 1. */
  readonly seed?: number;
}

export interface MobinetOptions extends NetworkOptions {
  /** Which of the paper's blocks; `none` is MobileNet binarised as it is, without skips. */
  readonly block: 'none' | 'pre' | 'mid' | 'post';
  /** 2^k channels a group in the 3x3 convolutions, 0..4. */
  readonly k: number;
  /** How feature maps are kept; absent, as float32. */
  readonly stream?: Int16Stream | undefined;
}

/** (in, out, stride) of the thirteen blocks at width 1 (MobileNet v1). */
const BLOCKS: readonly (readonly [number, number, number])[] = [
  [32, 64, 1],
  [64, 128, 2],
  [128, 128, 1],
  [128, 256, 2],
  [256, 256, 1],
  [256, 512, 2],
  ...Array.from({ length: 5 }, () => [512, 512, 1] as const),
  [512, 1024, 2],
  [1024, 1024, 1],
];

/** Writes nodes one after the other; `add` returns the name. */
interface Writer {
  add(node: Record<string, unknown> & { name: string }): string;
  floats(name: string, shape: number[], least: number, most: number): string;
  /** Uniform from -127 to 127. */
  integers(name: string, shape: number[]): string;
  bits(name: string, filters: number, elements: number): string;
  finish(size: number, output: string): GraphDefinition;
}

function openWriter(seed: number): Writer {
  const tensors = new Map<string, Tensor>();
  const nodes: Record<string, unknown>[] = [];
  let state = seed >>> 0;
  /** Mulberry32. */
  const uint32 = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return {
    add(node) {
      nodes.push(node);
      return node.name;
    },
    floats(name, shape, least, most) {
      const length = shape.reduce((product, size) => product * size, 1);
      const data = Float32Array.from(
        { length },
        () => least + (uint32() / 2 ** 32) * (most - least),
      );
      tensors.set(name, { dtype: 'F32', shape, data });
      return name;
    },
    integers(name, shape) {
      const length = shape.reduce((product, size) => product * size, 1);
      const data = Int8Array.from({ length }, () => (uint32() % 255) - 127);
      tensors.set(name, { dtype: 'I8', shape, data });
      return name;
    },
    bits(name, filters, elements) {
      const words = Math.ceil(elements / 64);
      const data = new BigUint64Array(filters * words);
      const halves = new Uint32Array(data.buffer).map(uint32);
      data.set(new BigUint64Array(halves.buffer));
      const last = (1n << BigInt(elements - (words - 1) * 64)) - 1n;
      for (let at = words - 1; at < data.length; at += words) data[at]! &= last;
      tensors.set(name, { dtype: 'U64', shape: [filters, words], data });
      return name;
    },
    finish: (size, output) => ({
      json: { inputs: [{ name: 'image', shape: [3, size, size] }], nodes, outputs: [output] },
      tensors,
    }),
  };
}

function batchNorm(writer: Writer, name: string, input: string, channels: number): string {
  return writer.add({
    name,
    op: 'batch_norm',
    inputs: [input],
    // About what a PReLU makes of a standard normal, so that sums of skips do not drift.
    mean: writer.floats(`${name}.mean`, [channels], 0.2, 0.4),
    variance: writer.floats(`${name}.variance`, [channels], 0.5, 1.5),
    gamma: writer.floats(`${name}.gamma`, [channels], 0.3, 0.7),
    beta: writer.floats(`${name}.beta`, [channels], -0.2, 0.2),
    epsilon: 1e-5,
  });
}

function prelu(writer: Writer, name: string, input: string, channels: number): string {
  const slope = writer.floats(`${name}.slope`, [channels], 0, 0.5);
  return writer.add({ name, op: 'prelu', inputs: [input], slope });
}

function stemConv(writer: Writer, channels: number): string {
  const bound = Math.sqrt(3 / 27);
  return writer.add({
    name: 'stem.conv',
    op: 'conv2d',
    inputs: ['image'],
    weight: writer.floats('stem.conv.weight', [channels, 3, 3, 3], -bound, bound),
    stride: [2, 2],
    padding: [1, 1, 1, 1],
    groups: 1,
  });
}

function head(
  writer: Writer,
  input: string,
  channels: number,
  { classes, headBits = 32 }: NetworkOptions,
): string {
  const pool = writer.add({ name: 'pool', op: 'global_average_pool', inputs: [input] });
  const bound = Math.sqrt(3 / channels);
  return writer.add({
    name: 'logits',
    op: 'dense',
    inputs: [pool],
    ...(headBits === 8
      ? {
          weight: writer.integers('head.weight', [classes, channels]),
          weight_scale: writer.floats('head.scale', [classes], bound / 127, bound / 127),
        }
      : { weight: writer.floats('head.weight', [classes, channels], -bound, bound) }),
    bias: writer.floats('head.bias', [classes], -0.1, 0.1),
  });
}

interface UnitShape {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: 1 | 3;
  readonly groups: number;
}

/** sign -> binary convolution with alpha -> PReLU -> batch norm, and the skip where there is one. */
function unit(
  writer: Writer,
  name: string,
  input: string,
  shape: UnitShape,
  skips: boolean,
): string {
  const { inChannels, outChannels, kernel, groups } = shape;
  const elements = kernel * kernel * (inChannels / groups);
  const alpha = 1 / Math.sqrt(elements);
  const signs = writer.add({ name: `${name}.sign`, op: 'sign', inputs: [input] });
  const conv = writer.add({
    name: `${name}.conv`,
    op: 'binary_conv2d',
    inputs: [signs],
    weight: writer.bits(`${name}.weight`, outChannels, elements),
    alpha: writer.floats(`${name}.alpha`, [outChannels], 0.5 * alpha, 1.5 * alpha),
    kernel: [kernel, kernel],
    in_channels: inChannels,
    out_channels: outChannels,
    stride: [1, 1],
    padding: kernel === 3 ? [1, 1, 1, 1] : [0, 0, 0, 0],
    groups,
  });
  const bent = prelu(writer, `${name}.prelu`, conv, outChannels);
  const normal = batchNorm(writer, `${name}.norm`, bent, outChannels);
  if (!skips) return normal;
  const skip =
    outChannels === inChannels
      ? input
      : writer.add({ name: `${name}.double`, op: 'concat', inputs: [input, input] });
  return writer.add({ name: `${name}.add`, op: 'add', inputs: [normal, skip] });
}

/** The convolutions of a block, in order. */
function blockUnits(
  block: MobinetOptions['block'],
  inChannels: number,
  outChannels: number,
  groupChannels: number,
): UnitShape[] {
  const depthwise = (channels: number): UnitShape => ({
    inChannels: channels,
    outChannels: channels,
    kernel: 3,
    groups: channels / groupChannels,
  });
  const pointwise = (from: number, to: number): UnitShape => ({
    inChannels: from,
    outChannels: to,
    kernel: 1,
    groups: 1,
  });
  switch (block) {
    case 'none':
      return [depthwise(inChannels), pointwise(inChannels, outChannels)];
    case 'pre':
      return [
        pointwise(inChannels, outChannels),
        depthwise(outChannels),
        pointwise(outChannels, outChannels),
      ];
    case 'mid':
      return [
        depthwise(inChannels),
        pointwise(inChannels, outChannels),
        pointwise(outChannels, outChannels),
      ];
    case 'post':
      return [
        depthwise(inChannels),
        pointwise(inChannels, inChannels),
        pointwise(inChannels, outChannels),
      ];
  }
}

function checkOptions({ width, size, classes }: NetworkOptions): void {
  const check = (holds: boolean, what: string, hint: string) => {
    if (!holds) throw new InputError('INVALID_OPTION', what, { hint });
  };
  check([1, 0.75, 0.5, 0.25].includes(width), `width is ${width}`, '1, 0.75, 0.5 or 0.25');
  const fits = Number.isInteger(size) && size >= 32 && size <= 1024 && size % 32 === 0;
  check(fits, `size is ${size}`, 'a multiple of 32 from 32 to 1024');
  const few = Number.isInteger(classes) && classes >= 1 && classes <= 100_000;
  check(few, `classes is ${classes}`, 'a whole number from 1 to 100000');
}

/**
 * MoBiNet (paper, section 3; the layers are worked out from its FLOPs): stem, thirteen blocks, head.
 * @throws InputError INVALID_OPTION
 */
export function mobinetDefinition(options: MobinetOptions): GraphDefinition {
  const { block, k, width, size, seed = 1, stream } = options;
  checkOptions(options);
  if (!['none', 'pre', 'mid', 'post'].includes(block)) {
    throw new InputError('INVALID_OPTION', `block is ${block}`, { hint: 'none, pre, mid or post' });
  }
  if (!(Number.isInteger(k) && k >= 0 && k <= 4)) {
    throw new InputError('INVALID_OPTION', `k is ${k}`, { hint: 'a whole number from 0 to 4' });
  }
  const unitsOf = BLOCKS.map(([inputs, outputs]) =>
    blockUnits(block, inputs * width, outputs * width, 2 ** k),
  );
  if (!unitsOf.flat().every(({ groups }) => Number.isInteger(groups))) {
    throw new InputError('INVALID_OPTION', `k is ${k} at width ${width}`, {
      hint: `the ${2 ** k} channels of a group must divide those of every 3x3 convolution`,
    });
  }
  const writer = openWriter(seed);
  const stemChannels = 32 * width;
  let value = stemConv(writer, stemChannels);
  value = batchNorm(writer, 'stem.norm', value, stemChannels);
  value = prelu(writer, 'stem.prelu', value, stemChannels);
  for (const [index, [, , stride]] of BLOCKS.entries()) {
    for (const [place, shape] of unitsOf[index]!.entries()) {
      value = unit(writer, `blocks.${index}.${place}`, value, shape, block !== 'none');
    }
    if (stride === 2) {
      value = writer.add({
        name: `blocks.${index}.pool`,
        op: 'average_pool2d',
        inputs: [value],
        kernel: [2, 2],
        stride: [2, 2],
        padding: [0, 0, 0, 0],
      });
    }
  }
  const { json, tensors } = writer.finish(size, head(writer, value, 1024 * width, options));
  return { json: stream === undefined ? json : { ...json, stream }, tensors };
}

/**
 * Float MobileNet v1 (Howard et al., 2017): convolution, batch norm, ReLU.
 * @throws InputError INVALID_OPTION
 */
export function mobileNetV1Definition(options: NetworkOptions): GraphDefinition {
  const { width, size, seed = 1 } = options;
  checkOptions(options);
  const writer = openWriter(seed);
  const finish = (name: string, input: string, channels: number): string => {
    const normal = batchNorm(writer, `${name}.norm`, input, channels);
    return writer.add({ name: `${name}.relu`, op: 'relu', inputs: [normal] });
  };
  const convolve = (name: string, input: string, shape: UnitShape, stride: number): string => {
    const { inChannels, outChannels, kernel, groups } = shape;
    const groupChannels = inChannels / groups;
    const bound = Math.sqrt(6 / (groupChannels * kernel * kernel));
    const weightShape = [outChannels, groupChannels, kernel, kernel];
    const conv = writer.add({
      name: `${name}.conv`,
      op: 'conv2d',
      inputs: [input],
      weight: writer.floats(`${name}.weight`, weightShape, -bound, bound),
      stride: [stride, stride],
      padding: kernel === 3 ? [1, 1, 1, 1] : [0, 0, 0, 0],
      groups,
    });
    return finish(name, conv, outChannels);
  };
  let value = finish('stem', stemConv(writer, 32 * width), 32 * width);
  for (const [index, [inputs, outputs, stride]] of BLOCKS.entries()) {
    const [depthwise, pointwise] = blockUnits('none', inputs * width, outputs * width, 1);
    value = convolve(`blocks.${index}.0`, value, depthwise!, stride);
    value = convolve(`blocks.${index}.1`, value, pointwise!, 1);
  }
  return writer.finish(size, head(writer, value, 1024 * width, options));
}

/** MoBiNet as a graph. */
export function mobinet(options: MobinetOptions): Graph {
  const { json, tensors } = mobinetDefinition(options);
  return parseGraph(json, tensors);
}

/** Float MobileNet v1 as a graph. */
export function mobileNetV1(options: NetworkOptions): Graph {
  const { json, tensors } = mobileNetV1Definition(options);
  return parseGraph(json, tensors);
}
