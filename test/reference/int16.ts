/**
 * The arithmetic of int16 activations, written from docs/fixed-point.md alone: the oracle of those
 * kernels. It shares nothing with the planner or the packing of kernels, so that a fault there is
 * not its own; values of maps are whole numbers, in units of 2^-fraction.
 */

import type { Graph } from '../../src/graph/graph.ts';
import type { BinaryConv2dNode } from '../../src/ops/binary_conv2d.ts';
import type { Conv2dNode } from '../../src/ops/conv2d.ts';
import type { GraphNode } from '../../src/ops/index.ts';
import type { Value } from './operations.ts';
import * as operations from './operations.ts';

const float32 = Math.fround;

/** f(x) = value + (x > knee ? right : left) (x - knee). */
interface Kinked {
  readonly knee: number;
  readonly value: number;
  readonly left: number;
  readonly right: number;
}

function saturate(x: number): number {
  return Math.max(-32768, Math.min(32767, x));
}

/** To the nearest whole number, halves to even. */
function roundToEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Of constants `[C]`, or `[1]` for all channels, the one of a channel. */
function constantAt(constants: Float32Array | undefined, channel: number, absent: number): number {
  if (constants === undefined) return absent;
  return constants[constants.length === 1 ? 0 : channel]!;
}

/** The rectifier with `slope` below 0, of f, a straight line: a kink where f is 0. */
function rectified({ knee, value, left }: Kinked, slope: number): Kinked {
  if (left === 0) {
    return { knee: 0, value: value > 0 ? value : slope * value, left: 0, right: 0 };
  }
  const zero = knee - value / left;
  return left > 0
    ? { knee: zero, value: 0, left: slope * left, right: left }
    : { knee: zero, value: 0, left, right: slope * left };
}

function scaled(f: Kinked, scale: number, bias: number): Kinked {
  return {
    knee: f.knee,
    value: f.value * scale + bias,
    left: f.left * scale,
    right: f.right * scale,
  };
}

/** The node after f, in one channel; undefined where that is not a function with one kink. */
function after(f: Kinked, node: GraphNode, channel: number): Kinked | undefined {
  const straight = f.left === f.right;
  switch (node.op) {
    case 'batch_norm': {
      const deviation = Math.sqrt(node.variance[channel]! + node.epsilon);
      const scale = node.gamma[channel]! / deviation;
      return scaled(f, scale, node.beta[channel]! - node.mean[channel]! * scale);
    }
    case 'affine':
      return scaled(f, constantAt(node.scale, channel, 1), constantAt(node.bias, channel, 0));
    case 'prelu':
      return straight ? rectified(f, constantAt(node.slope, channel, 1)) : undefined;
    case 'relu':
      return straight && node.max === undefined ? rectified(f, 0) : undefined;
    default:
      return undefined;
  }
}

/** A unit of a binary convolution: of the count x, whose largest is `most`. */
function integerUnit(f: Kinked, most: number, fraction: number): (count: number) => number {
  const reached = f.knee > 0 && f.knee < most;
  const line = f.knee <= 0 ? f.right : f.left;
  const { knee, value, left, right } = reached
    ? f
    : {
        knee: most / 2,
        value: f.value + line * (most / 2 - f.knee),
        left: line,
        right: line,
      };
  const scale = Math.floor(32767 / Math.max(knee, most - knee));
  const K = Math.round(scale * knee);
  const perCount = 2 ** (15 + fraction) / scale;
  const L = Math.round(left * perCount);
  const R = Math.round(right * perCount);
  const B = Math.round(value * 2 ** fraction);
  return (count) => {
    const t = scale * count - K;
    return saturate(B + Math.floor((t * (t > 0 ? R : L) + 2 ** 14) / 2 ** 15));
  };
}

/** A unit of a float convolution: of its exact integer sum, of which `sumsPerOne` are a sum of 1. */
function floatUnit(f: Kinked, sumsPerOne: number, fraction: number): (sum: number) => number {
  const units = 2 ** fraction;
  let knee = float32(f.knee * sumsPerOne);
  let left = (f.left / sumsPerOne) * units;
  let right = (f.right / sumsPerOne) * units;
  let value = f.value * units;
  if (!Number.isFinite(knee)) {
    const line = f.knee > 0 ? left : right;
    value -= line * f.knee * sumsPerOne;
    [knee, left, right] = [0, line, line];
  }
  const slope = float32(left);
  const bend = float32(right - left);
  const offset = float32(value);
  return (sum) => {
    const t = float32(float32(sum) - knee);
    const straight = float32(offset + float32(slope * t));
    // Adding 0 makes -0, which an integer has not, 0.
    return saturate(roundToEven(float32(straight + float32(bend * Math.max(t, 0))))) + 0;
  };
}

/** The sums of a float convolution in integers, and how many of each are a sum of 1. */
function integerSums(input: Value, node: Conv2dNode): { sums: Value; sumsPerOne: number[] } {
  const taps = node.weight.length / node.outChannels;
  const weight = new Float32Array(node.weight.length);
  const sumsPerOne: number[] = [];
  for (let output = 0; output < node.outChannels; output++) {
    const filter = node.weight.slice(output * taps, (output + 1) * taps);
    const largest = filter.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
    let total = 0;
    for (const w of filter) total += Math.abs(w);
    const s = total === 0 ? 1 : Math.min(32767 / largest, (65535 - taps) / total);
    for (const [tap, w] of filter.entries()) weight[output * taps + tap] = Math.round(w * s);
    sumsPerOne.push(s * 4096);
  }
  const integers = input.data.map((x) => saturate(roundToEven(x * 4096)));
  return { sums: exactSums({ ...input, data: integers }, { ...node, weight }), sumsPerOne };
}

/** A convolution of whole numbers in float64, which holds every sum, rounded once to float32. */
function exactSums(input: Value, node: Conv2dNode): Value {
  const [, height = 1, width = 1] = input.shape;
  const [top, left, bottom, right] = node.padding;
  const [kernelHeight, kernelWidth] = node.kernel;
  const outHeight = Math.floor((height + top + bottom - kernelHeight) / node.stride[0]) + 1;
  const outWidth = Math.floor((width + left + right - kernelWidth) / node.stride[1]) + 1;
  const groupChannels = node.inChannels / node.groups;
  const data = new Float32Array(node.outChannels * outHeight * outWidth);
  let out = 0;
  for (let output = 0; output < node.outChannels; output++) {
    const first = Math.floor((output * node.groups) / node.outChannels) * groupChannels;
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++) {
        let sum = 0;
        let at = output * groupChannels * kernelHeight * kernelWidth;
        for (let c = first; c < first + groupChannels; c++) {
          for (let ky = 0; ky < kernelHeight; ky++) {
            for (let kx = 0; kx < kernelWidth; kx++, at++) {
              const iy = y * node.stride[0] + ky - top;
              const ix = x * node.stride[1] + kx - left;
              if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
              sum += node.weight[at]! * input.data[(c * height + iy) * width + ix]!;
            }
          }
        }
        data[out++] = sum;
      }
    }
  }
  return { shape: [node.outChannels, outHeight, outWidth], data };
}

/** (taps - dot) / 2, or taps - dot where that can be odd. */
function countOf(node: BinaryConv2dNode): { taps: number; step: 1 | 2 } {
  const groupChannels = node.inChannels / node.groups;
  const zeros = node.paddingValue === 0 && node.padding.some((pixels) => pixels > 0);
  const taps = node.kernel[0] * node.kernel[1] * groupChannels;
  return { taps, step: zeros && groupChannels % 2 === 1 ? 1 : 2 };
}

function mapChannels(value: Value, f: (x: number, channel: number) => number): Value {
  const pixels = value.data.length / value.shape[0];
  return { shape: value.shape, data: value.data.map((x, at) => f(x, Math.floor(at / pixels))) };
}

/**
 * The output of a graph whose activations are int16.
 * @param input float32 `[C, H, W]`
 * @returns planar float32; of a map, whole multiples of 2^-fraction
 */
export function evaluateInt16(graph: Graph, input: Float32Array): Float32Array {
  const { fraction } = graph.stream!;
  const units = 2 ** fraction;
  const readers = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) {
    for (const name of new Set(node.inputs)) {
      readers.set(name, [...(readers.get(name) ?? []), node]);
    }
  }
  /** Vectors and signs as they are, maps in units. */
  const values = new Map<string, Value>();
  const picture: Value = { shape: graph.input.shape, data: input };
  values.set(graph.input.name, {
    shape: picture.shape,
    data: input.map((x) => saturate(roundToEven(x * units))),
  });

  /** The functions of a convolution and of all behind it that they take in, and the last of those. */
  const unitOf = (node: GraphNode, start: (channel: number) => Kinked, channels: number) => {
    let functions = Array.from({ length: channels }, (_, channel) => start(channel));
    let last = node;
    const covered: GraphNode[] = [];
    for (;;) {
      const next = readers.get(last.name) ?? [];
      if (next.length !== 1 || last.name === graph.output) break;
      const composed = functions.map((f, channel) => after(f, next[0]!, channel));
      if (composed.some((f) => f === undefined)) break;
      functions = composed as Kinked[];
      last = next[0]!;
      covered.push(last);
    }
    return { functions, last, covered };
  };

  const done = new Set<GraphNode>();
  for (const node of graph.nodes) {
    if (done.has(node)) continue;
    const read = node.inputs.map((name) => values.get(name)!);
    const [first] = read as [Value];
    const set = (value: Value) => values.set(node.name, value);
    switch (node.op) {
      case 'conv2d': {
        const from = node.inputs[0] === graph.input.name ? picture : inOnes(first, units);
        const { sums, sumsPerOne } = integerSums(from, node);
        const start = (channel: number): Kinked => {
          const value = constantAt(node.bias, channel, 0);
          return { knee: 0, value, left: 1, right: 1 };
        };
        const { functions, last, covered } = unitOf(node, start, node.outChannels);
        const f = functions.map((each, channel) => floatUnit(each, sumsPerOne[channel]!, fraction));
        values.set(
          last.name,
          mapChannels(sums, (sum, channel) => f[channel]!(sum)),
        );
        for (const each of covered) done.add(each);
        break;
      }
      case 'binary_conv2d': {
        const { taps, step } = countOf(node);
        const start = (channel: number): Kinked => {
          const slope = -step * (node.alpha?.[channel] ?? 1);
          return { knee: taps / step, value: 0, left: slope, right: slope };
        };
        const { functions, last, covered } = unitOf(node, start, node.outChannels);
        const f = functions.map((each) => integerUnit(each, (2 * taps) / step, fraction));
        values.set(
          last.name,
          mapChannels(operations.binarySums(first, node), (dot, channel) =>
            f[channel]!((taps - dot) / step),
          ),
        );
        for (const each of covered) done.add(each);
        break;
      }
      case 'sign':
        set(
          mapChannels(first, (y, channel) => {
            const threshold = saturate(Math.floor(constantAt(node.threshold, channel, 0) * units));
            return y > threshold ? 1 : -1;
          }),
        );
        break;
      case 'add':
        set({
          shape: first.shape,
          data: first.data.map((x, at) => saturate(x + read[1]!.data[at]!)),
        });
        break;
      case 'concat':
        set(operations.concat(read));
        break;
      case 'average_pool2d': {
        // Of a few int16, the float mean is off by less than what turns a half over.
        const mean = operations.pool2d(first, node);
        set({ shape: mean.shape, data: mean.data.map((x) => Math.floor(x + 0.5)) });
        break;
      }
      case 'max_pool2d':
        set(operations.pool2d(first, node));
        break;
      case 'global_average_pool': {
        const pixels = first.data.length / first.shape[0];
        const reciprocal = float32(1 / (pixels * units));
        const data = Float32Array.from({ length: first.shape[0] }, (_, channel) => {
          const numbers = first.data.subarray(channel * pixels, (channel + 1) * pixels);
          return float32(numbers.reduce((total, x) => total + x, 0)) * reciprocal;
        });
        set({ shape: [first.shape[0]], data });
        break;
      }
      case 'flatten':
        set(operations.flatten(first.shape.length === 3 ? inOnes(first, units) : first));
        break;
      case 'dense':
        set(operations.dense(first, node));
        break;
      default:
        throw new Error(`${node.op} ${node.name} in int16`);
    }
  }
  const output = values.get(graph.output)!;
  return (output.shape.length === 3 ? inOnes(output, units) : output).data;
}

function inOnes(value: Value, units: number): Value {
  return { shape: value.shape, data: value.data.map((x) => x / units) };
}
