/**
 * The oracle of networks with int16 streams: the arithmetic of docs/fixed-point.md, number by number,
 * from the document alone. Maps are kept as whole numbers, in units of 2^-fraction.
 */

import type { Graph } from '../../src/graph/graph.ts';
import type { BatchNormNode } from '../../src/ops/batch_norm.ts';
import type { BinaryConv2dNode } from '../../src/ops/binary_conv2d.ts';
import type { Conv2dNode } from '../../src/ops/conv2d.ts';
import type { GraphNode } from '../../src/ops/index.ts';
import type { Pool2dNode } from '../../src/ops/pool2d.ts';
import type { Shape } from '../../src/tensor.ts';
import type { Value } from './operations.ts';
import * as operations from './operations.ts';

const float32 = Math.fround;

/** Multiples of 2^-12 that the input of a float convolution is rounded to. */
const INPUT_UNITS = 4096;

function saturate(x: number): number {
  // Whole numbers have one zero.
  return Math.max(-32768, Math.min(32767, x)) + 0;
}

/** To the nearest whole number, halves to even. */
function roundToEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** A float32 number in whole multiples of 1 / units. */
function inUnits(x: number, units: number): number {
  return saturate(roundToEven(x * units));
}

/** A convolution and what is folded into it. */
interface Unit {
  readonly convolution: Conv2dNode | BinaryConv2dNode;
  readonly folded: readonly GraphNode[];
  readonly skip: string | undefined;
}

/** The unit whose last node is `last`. */
function unitOf(graph: Graph, last: GraphNode): Unit {
  const hasOneReader = (value: string): boolean => {
    const readers = graph.nodes.filter((node) => node.inputs.includes(value)).length;
    return readers + (graph.output === value ? 1 : 0) === 1;
  };
  /** Back from a node to its convolution. */
  const chainTo = (node: GraphNode | undefined): Omit<Unit, 'skip'> | undefined => {
    switch (node?.op) {
      case 'conv2d':
      case 'binary_conv2d':
        return { convolution: node, folded: [] };
      case 'affine':
      case 'batch_norm':
      case 'prelu':
      case 'relu': {
        const before = chainFrom(node.inputs[0]!);
        return before && { ...before, folded: [...before.folded, node] };
      }
      default:
        return undefined;
    }
  };
  const chainFrom = (value: string) =>
    hasOneReader(value) ? chainTo(graph.nodes.find((node) => node.name === value)) : undefined;

  const ends = last.op === 'add' ? last.inputs.map(chainFrom) : [chainTo(last)];
  const units = ends.flatMap((chain, at): Unit[] =>
    chain === undefined
      ? []
      : [{ ...chain, skip: last.op === 'add' ? last.inputs[1 - at] : undefined }],
  );
  const place = ({ convolution }: Unit) => graph.nodes.indexOf(convolution);
  const unit = units.sort((a, b) => place(b) - place(a))[0];
  if (unit === undefined) throw new Error(`${last.op} on a map is not part of a unit`);
  return unit;
}

/** f(x) = value + (x > knee ? right : left) (x - knee), in float64. */
interface Kinked {
  readonly knee: number;
  readonly value: number;
  readonly left: number;
  readonly right: number;
}

/** Of constants `[C]`, or `[1]` for all channels, the one of a channel. */
function constantAt(constants: Float32Array, channel: number): number {
  return constants[constants.length === 1 ? 0 : channel]!;
}

function afterLine(f: Kinked, scale: number, bias: number): Kinked {
  return {
    knee: f.knee,
    value: f.value * scale + bias,
    left: f.left * scale,
    right: f.right * scale,
  };
}

function afterBatchNorm(f: Kinked, node: BatchNormNode, channel: number): Kinked {
  const scale = node.gamma[channel]! / Math.sqrt(node.variance[channel]! + node.epsilon);
  return afterLine(f, scale, node.beta[channel]! - node.mean[channel]! * scale);
}

function afterPrelu(f: Kinked, slope: number): Kinked {
  if (f.left !== f.right) throw new Error('a second kink');
  if (f.left === 0) return { ...f, knee: 0, value: f.value > 0 ? f.value : slope * f.value };
  return {
    knee: f.knee - f.value / f.left,
    value: 0,
    left: f.left > 0 ? f.left * slope : f.left,
    right: f.right > 0 ? f.right : f.right * slope,
  };
}

/** A channel's function of what the convolution counts or sums. */
function functionOf(start: Kinked, folded: readonly GraphNode[], channel: number): Kinked {
  return folded.reduce((f, node): Kinked => {
    switch (node.op) {
      case 'affine':
        return afterLine(
          f,
          node.scale === undefined ? 1 : constantAt(node.scale, channel),
          node.bias === undefined ? 0 : constantAt(node.bias, channel),
        );
      case 'batch_norm':
        return afterBatchNorm(f, node, channel);
      case 'prelu':
        return afterPrelu(f, constantAt(node.slope, channel));
      case 'relu':
        if (node.max === undefined) return afterPrelu(f, 0);
    }
    throw new Error(`${node.op} is not a function with one kink`);
  }, start);
}

/** u of a dot product. */
function binaryUnit(
  node: BinaryConv2dNode,
  folded: readonly GraphNode[],
  channel: number,
  units: number,
): (dot: number) => number {
  const groupChannels = node.inChannels / node.groups;
  const taps = operations.largestOf(node.bits) * node.kernel[0] * node.kernel[1] * groupChannels;
  const padsZeros = node.paddingValue === 0 && node.padding.some((pixels) => pixels > 0);
  const step = padsZeros && groupChannels % 2 === 1 ? 1 : 2;
  const most = (2 * taps) / step;
  const slope = -step * (node.alpha?.[channel] ?? 1);
  const start = { knee: taps / step, value: 0, left: slope, right: slope };
  const f = reached(functionOf(start, folded, channel), most);
  const scale = Math.floor(32767 / Math.max(f.knee, most - f.knee));
  const knee = Math.round(scale * f.knee);
  const perCount = (2 ** 15 * units) / scale;
  const [left, right] = [Math.round(f.left * perCount), Math.round(f.right * perCount)];
  const offset = Math.round(f.value * units);
  if ([left, right, offset].some((x) => Math.abs(x) > 32767)) throw new Error('it does not fit');
  return (dot) => {
    const t = scale * ((taps - dot) / step) - knee;
    return saturate(offset + Math.floor((t * (t > 0 ? right : left) + 2 ** 14) / 2 ** 15));
  };
}

/** With a knee between the counts 0 and `most`. */
function reached(f: Kinked, most: number): Kinked {
  if (f.knee > 0 && f.knee < most) return f;
  const slope = f.knee <= 0 ? f.right : f.left;
  const knee = most / 2;
  return { knee, value: f.value + slope * (knee - f.knee), left: slope, right: slope };
}

/** A filter in whole multiples of 1 / s, and s. */
function integerFilter(filter: Float32Array): { weights: number[]; s: number } {
  const sizes = [...filter].map(Math.abs);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const s = total === 0 ? 1 : Math.min(32767 / Math.max(...sizes), (65535 - filter.length) / total);
  return { weights: [...filter].map((w) => Math.round(w * s)), s };
}

/** u of an exact sum. */
function floatUnit(
  node: Conv2dNode,
  folded: readonly GraphNode[],
  channel: number,
  s: number,
  units: number,
): (sum: number) => number {
  const start = { knee: 0, value: node.bias?.[channel] ?? 0, left: 1, right: 1 };
  const f = functionOf(start, folded, channel);
  const sumsPerOne = s * INPUT_UNITS;
  const left = (f.left / sumsPerOne) * units;
  const right = (f.right / sumsPerOne) * units;
  const farKnee = f.knee * sumsPerOne;
  const isFar = !Number.isFinite(float32(farKnee));
  const line = farKnee > 0 ? left : right;
  const knee = isFar ? 0 : float32(farKnee);
  const slope = float32(isFar ? line : left);
  const bend = isFar ? 0 : float32(right - left);
  const offset = float32(isFar ? f.value * units - line * farKnee : f.value * units);
  return (sum) => {
    const t = float32(float32(sum) - knee);
    const straight = float32(offset + float32(slope * t));
    const bent = float32(bend * Math.max(t, 0));
    return saturate(roundToEven(float32(straight + bent)));
  };
}

/** The numbers of a window, in rows; undefined outside the picture. */
function windowAt(
  { shape, data }: Value,
  { kernel, stride, padding }: Pick<Pool2dNode, 'kernel' | 'stride' | 'padding'>,
  channel: number,
  y: number,
  x: number,
): (number | undefined)[] {
  const [, height = 1, width = 1] = shape;
  const numbers: (number | undefined)[] = [];
  for (let ky = 0; ky < kernel[0]; ky++) {
    for (let kx = 0; kx < kernel[1]; kx++) {
      const iy = y * stride[0] + ky - padding[0];
      const ix = x * stride[1] + kx - padding[1];
      const inside = iy >= 0 && iy < height && ix >= 0 && ix < width;
      numbers.push(inside ? data[(channel * height + iy) * width + ix] : undefined);
    }
  }
  return numbers;
}

/** A map, number by number. */
function mapOf(shape: Shape, at: (channel: number, y: number, x: number) => number): Value {
  const [channels, height = 1, width = 1] = shape;
  const data = new Float32Array(channels * height * width);
  let index = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) data[index++] = at(channel, y, x);
    }
  }
  return { shape, data };
}

/** u of a float convolution. */
function floatConvolution(
  input: Value,
  node: Conv2dNode,
  folded: readonly GraphNode[],
  shape: Shape,
  units: number,
): Value {
  const integers = { ...input, data: input.data.map((x) => inUnits(x, INPUT_UNITS)) };
  const taps = node.weight.length / node.outChannels;
  const groupChannels = node.inChannels / node.groups;
  const filters = Array.from({ length: node.outChannels }, (_, output) => {
    const filter = integerFilter(node.weight.subarray(output * taps, (output + 1) * taps));
    return { ...filter, u: floatUnit(node, folded, output, filter.s, units) };
  });
  return mapOf(shape, (output, y, x) => {
    const first = Math.floor((output * node.groups) / node.outChannels) * groupChannels;
    const { weights, u } = filters[output]!;
    let sum = 0;
    let tap = 0;
    for (let channel = first; channel < first + groupChannels; channel++) {
      for (const number of windowAt(integers, node, channel, y, x)) {
        sum += weights[tap++]! * (number ?? 0);
      }
    }
    return u(sum);
  });
}

/** u of a binary convolution. */
function binaryConvolution(
  input: Value,
  node: BinaryConv2dNode,
  folded: readonly GraphNode[],
  units: number,
): Value {
  const { shape, data } = operations.binarySums(input, node);
  const pixels = data.length / shape[0];
  const channels = Array.from({ length: shape[0] }, (_, channel) =>
    binaryUnit(node, folded, channel, units),
  );
  return { shape, data: data.map((dot, at) => channels[Math.floor(at / pixels)]!(dot)) };
}

/** Those that the output needs: only they read. */
function neededNodes({ nodes, output }: Graph): GraphNode[] {
  const needed = new Set([output]);
  for (const node of [...nodes].reverse()) {
    if (needed.has(node.name)) for (const name of node.inputs) needed.add(name);
  }
  return nodes.filter(({ name }) => needed.has(name));
}

/**
 * The output of a graph whose stream is int16.
 * @param input float32 `[C, H, W]`
 * @returns planar float32; maps are whole multiples of the stream's unit
 */
export function evaluateInt16(whole: Graph, input: Float32Array): Float32Array {
  const graph = { ...whole, nodes: neededNodes(whole) };
  const units = 2 ** graph.stream!.fraction;
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const known = new Map<string, Value>();
  const image = { shape: graph.input.shape, data: input };

  /** A value: a map in units, signs as +-1, a vector as it is. */
  const valueNamed = (name: string): Value => {
    const value = known.get(name) ?? evaluate(name);
    known.set(name, value);
    return value;
  };
  const evaluate = (name: string): Value => {
    const node = nodes.get(name);
    if (node === undefined) return { ...image, data: input.map((x) => inUnits(x, units)) };
    const [first] = node.inputs as [string];
    const shape = graph.shapes.get(name)!;
    switch (node.op) {
      case 'sign': {
        const threshold = node.threshold?.map((x) => saturate(Math.floor(x * units)));
        return operations.sign(valueNamed(first), { ...node, threshold });
      }
      case 'levels': {
        const thresholds = node.thresholds.map((x) => saturate(Math.floor(x * units)));
        return operations.levels(valueNamed(first), { ...node, thresholds });
      }
      case 'average_pool2d':
        return mapOf(shape, (channel, y, x) => {
          const numbers = windowAt(valueNamed(first), node, channel, y, x).filter(
            (number) => number !== undefined,
          );
          const sum = numbers.reduce((total, number) => total + number, 0);
          return Math.floor((2 * sum + numbers.length) / (2 * numbers.length));
        });
      case 'max_pool2d':
        return operations.pool2d(valueNamed(first), node);
      case 'concat':
        return operations.concat(node.inputs.map(valueNamed));
      case 'global_average_pool': {
        const { data } = valueNamed(first);
        const pixels = data.length / shape[0];
        const reciprocal = float32(1 / (pixels * units));
        return mapOf(shape, (channel) => {
          const numbers = data.subarray(channel * pixels, (channel + 1) * pixels);
          return float32(numbers.reduce((sum, x) => sum + x, 0)) * reciprocal;
        });
      }
      case 'flatten':
        return { shape, data: floats(first).data };
      case 'dense':
        return operations.dense(valueNamed(first), node);
      default:
        return unit(unitOf(graph, node), shape);
    }
  };
  const unit = ({ convolution, folded, skip }: Unit, shape: Shape): Value => {
    const source = convolution.inputs[0]!;
    const before = graph.shapes.get(convolution.name)!;
    const u =
      convolution.op === 'binary_conv2d'
        ? binaryConvolution(valueNamed(source), convolution, folded, units)
        : floatConvolution(floats(source), convolution, folded, before, units);
    if (skip === undefined) return u;
    const added = valueNamed(skip).data;
    return { shape, data: u.data.map((x, at) => saturate(added[at]! + x)) };
  };
  /** As float32. */
  const floats = (name: string): Value => {
    if (name === graph.input.name) return image;
    const value = valueNamed(name);
    return value.shape.length === 1 ? value : { ...value, data: value.data.map((x) => x / units) };
  };
  return floats(graph.output).data;
}
