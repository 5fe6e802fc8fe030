/**
 * Every operation of the graph, plain and slow: the oracle for the kernels. Values are planar,
 * `[C, H, W]` or `[C]` float32, signs +-1. Each float step is rounded to float32, and sums run in
 * the order of their indices from 0, so that a kernel can be held to the very bits.
 */

import type { AffineNode } from '../../src/ops/affine.ts';
import type { BatchNormNode } from '../../src/ops/batch_norm.ts';
import type { BinaryConv2dNode } from '../../src/ops/binary_conv2d.ts';
import type { BinaryWeightConv2dNode } from '../../src/ops/binary_weight_conv2d.ts';
import type { Conv2dNode } from '../../src/ops/conv2d.ts';
import type { DenseNode } from '../../src/ops/dense.ts';
import type { LevelsNode } from '../../src/ops/levels.ts';
import type { Pool2dNode } from '../../src/ops/pool2d.ts';
import type { PreluNode } from '../../src/ops/prelu.ts';
import type { ReluNode } from '../../src/ops/relu.ts';
import type { RoundNode } from '../../src/ops/round.ts';
import type { SignNode } from '../../src/ops/sign.ts';
import type { Padding, Pair, Shape } from '../../src/tensor.ts';

/** A value and its shape. */
export interface Value {
  readonly shape: Shape;
  readonly data: Float32Array;
}

const round = Math.fround;

function height(shape: Shape): number {
  return shape.length === 3 ? shape[1] : 1;
}

function width(shape: Shape): number {
  return shape.length === 3 ? shape[2] : 1;
}

/** f of every number and its channel. */
function mapChannels(value: Value, f: (x: number, channel: number) => number): Value {
  const perChannel = height(value.shape) * width(value.shape);
  const data = value.data.map((x, index) => f(x, Math.floor(index / perChannel)));
  return { shape: value.shape, data };
}

/** Of constants `[C]`, or `[1]` for all channels, the one of a channel. */
function constantAt(constants: Float32Array | undefined, channel: number): number | undefined {
  return constants?.[constants.length === 1 ? 0 : channel];
}

/** Output positions of a window. */
function windowShape(
  shape: Shape,
  kernel: Pair,
  stride: Pair,
  padding: Padding,
  dilation: Pair = [1, 1],
): [number, number] {
  const [top, left, bottom, right] = padding;
  const reach = (axis: 0 | 1) => dilation[axis] * (kernel[axis] - 1) + 1;
  return [
    Math.floor((height(shape) + top + bottom - reach(0)) / stride[0]) + 1,
    Math.floor((width(shape) + left + right - reach(1)) / stride[1]) + 1,
  ];
}

/** out[o][y][x] = sum over (c, ky, kx) of w[o][c][ky][kx] * in[..] + bias[o]; taps outside are 0. */
export function conv2d(input: Value, node: Conv2dNode): Value {
  const [down, across] = node.dilation ?? [1, 1];
  const sum = (output: number, y: number, x: number): number => {
    let total = 0;
    const groupChannels = node.inChannels / node.groups;
    const group = Math.floor(output / (node.outChannels / node.groups));
    for (let c = 0; c < groupChannels; c++) {
      for (let ky = 0; ky < node.kernel[0]; ky++) {
        for (let kx = 0; kx < node.kernel[1]; kx++) {
          const at = ((output * groupChannels + c) * node.kernel[0] + ky) * node.kernel[1] + kx;
          const iy = y * node.stride[0] + ky * down - node.padding[0];
          const ix = x * node.stride[1] + kx * across - node.padding[1];
          const tap = pixel(input, group * groupChannels + c, iy, ix) ?? 0;
          total = round(total + round(node.weight[at]! * tap));
        }
      }
    }
    return node.bias === undefined ? total : round(total + node.bias[output]!);
  };
  return convolve(input, node, sum);
}

/** The number at a place, or undefined outside. */
function pixel(value: Value, channel: number, y: number, x: number): number | undefined {
  const h = height(value.shape);
  const w = width(value.shape);
  if (y < 0 || y >= h || x < 0 || x >= w) return undefined;
  return value.data[(channel * h + y) * w + x];
}

function convolve(
  input: Value,
  node: Conv2dNode | BinaryConv2dNode,
  sum: (output: number, y: number, x: number) => number,
): Value {
  const [h, w] = windowShape(input.shape, node.kernel, node.stride, node.padding, node.dilation);
  const data = new Float32Array(node.outChannels * h * w);
  let at = 0;
  for (let output = 0; output < node.outChannels; output++) {
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) data[at++] = sum(output, y, x);
    }
  }
  return { shape: [node.outChannels, h, w], data };
}

/** +1 where x > threshold, else -1 (paper, eq. 1). */
export function sign(input: Value, node: SignNode): Value {
  return mapChannels(input, (x, channel) =>
    x > (constantAt(node.threshold, channel) ?? 0) ? 1 : -1,
  );
}

/** Twice the number of thresholds below x, less the number of all of them. */
export function levels(input: Value, node: LevelsNode): Value {
  const { bits, thresholds } = node;
  const count = 2 ** bits - 1;
  const each = thresholds.length / count;
  return mapChannels(input, (x, channel) => {
    const own = thresholds.filter((_, at) => at % each === channel % each);
    return 2 * own.filter((threshold) => x > threshold).length - count;
  });
}

/** The weight at (output, element) of packed bits: +1 or -1. */
export function binaryWeight(node: BinaryConv2dNode, output: number, element: number): 1 | -1 {
  const words = node.weight.length / node.outChannels;
  const word = node.weight[output * words + Math.floor(element / 64)]!;
  return (word >> BigInt(element % 64)) & 1n ? 1 : -1;
}

/** The largest of the numbers that bits stand for. */
export function largestOf(bits: number): number {
  return 2 ** bits - 1;
}

/** Integer sums of products of +-1; a tap outside counts as the padding value. */
export function binarySums(input: Value, node: BinaryConv2dNode): Value {
  const [down, across] = node.dilation ?? [1, 1];
  const groupChannels = node.inChannels / node.groups;
  const elements = node.kernel[0] * node.kernel[1] * groupChannels;
  const weights = Array.from({ length: node.outChannels }, (_, output) =>
    Array.from({ length: elements }, (_, element) => binaryWeight(node, output, element)),
  );
  return convolve(input, node, (output, y, x) => {
    const group = Math.floor(output / (node.outChannels / node.groups));
    let total = 0;
    let element = 0;
    for (let ky = 0; ky < node.kernel[0]; ky++) {
      for (let kx = 0; kx < node.kernel[1]; kx++) {
        const iy = y * node.stride[0] + ky * down - node.padding[0];
        const ix = x * node.stride[1] + kx * across - node.padding[1];
        for (let c = 0; c < groupChannels; c++) {
          const tap =
            pixel(input, group * groupChannels + c, iy, ix) ??
            node.paddingValue * largestOf(node.bits);
          total += weights[output]![element++]! * tap;
        }
      }
    }
    return total;
  });
}

/** alpha[o] times the integer sums (paper, eq. 3). */
export function binaryConv2d(input: Value, node: BinaryConv2dNode): Value {
  const sums = binarySums(input, node);
  const { alpha } = node;
  return alpha === undefined ? sums : mapChannels(sums, (x, channel) => x * alpha[channel]!);
}

/** alpha[o] times the sum of the taps with weight +1 less that of those with weight -1. */
export function binaryWeightConv2d(input: Value, node: BinaryWeightConv2dNode): Value {
  const [height, width] = node.kernel;
  const channels = node.inChannels / node.groups;
  const elements = height * width * channels;
  const words = Math.ceil(elements / 64);
  const bit = (bits: BigUint64Array, output: number, element: number) =>
    (bits[output * words + Math.floor(element / 64)]! >> BigInt(element % 64)) & 1n;
  const weight = new Float32Array(node.outChannels * elements);
  for (let output = 0; output < node.outChannels; output++) {
    for (let element = 0; element < elements; element++) {
      const isZero = node.nonzero !== undefined && bit(node.nonzero, output, element) === 0n;
      const sign = bit(node.weight, output, element) === 1n ? 1 : -1;
      const at = (output * channels + (element % channels)) * height * width;
      weight[at + Math.floor(element / channels)] = isZero ? 0 : sign;
    }
  }
  const sums = conv2d(input, { ...node, op: 'conv2d', weight, bias: undefined });
  const { alpha } = node;
  return alpha === undefined ? sums : mapChannels(sums, (x, channel) => x * alpha[channel]!);
}

/** gamma * (x - mean) / sqrt(variance + epsilon) + beta. */
export function batchNorm(input: Value, node: BatchNormNode): Value {
  return mapChannels(input, (x, channel) => {
    const deviation = round(Math.sqrt(round(node.variance[channel]! + node.epsilon)));
    const normal = round(round(x - node.mean[channel]!) / deviation);
    return round(node.gamma[channel]! * normal) + node.beta[channel]!;
  });
}

/** x * scale + bias. */
export function affine(input: Value, node: AffineNode): Value {
  return mapChannels(
    input,
    (x, channel) =>
      round(x * (constantAt(node.scale, channel) ?? 1)) + (constantAt(node.bias, channel) ?? 0),
  );
}

/** x where x > 0, else slope * x. */
export function prelu(input: Value, node: PreluNode): Value {
  return mapChannels(input, (x, channel) => (x > 0 ? x : constantAt(node.slope, channel)! * x));
}

/** max(x, 0), at most `max`. */
export function relu(input: Value, node: ReluNode): Value {
  return mapChannels(input, (x) => Math.min(Math.max(x, 0), node.max ?? Number.POSITIVE_INFINITY));
}

/** min(max(x, -1), 1). */
export function hardTanh(input: Value): Value {
  return mapChannels(input, (x) => Math.min(Math.max(x, -1), 1));
}

/** 1 / (1 + exp(-x)). */
export function sigmoid(input: Value): Value {
  return mapChannels(input, (x) => 1 / (1 + Math.exp(-x)));
}

/** The nearest whole number, halves away from 0, within bounds. */
export function roundBetween(input: Value, node: RoundNode): Value {
  return mapChannels(input, (x) => {
    const away = Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
    return Math.min(Math.max(away, node.min), node.max);
  });
}

/** By a value of the same shape, a factor a channel or a factor a pixel. */
export function multiply(value: Value, factor: Value): Value {
  const pixels = height(value.shape) * width(value.shape);
  const ofChannel = value.shape[0] === factor.data.length;
  const ofPixel = factor.shape[0] === 1 && pixels === factor.data.length;
  const at = (index: number) => {
    if (ofChannel) return Math.floor(index / pixels);
    return ofPixel ? index % pixels : index;
  };
  const data = value.data.map((x, index) => x * factor.data[at(index)]!);
  return { shape: value.shape, data };
}

export function add(a: Value, b: Value): Value {
  return { shape: a.shape, data: a.data.map((x, index) => x + b.data[index]!) };
}

/** Along channels. */
export function concat(values: readonly Value[]): Value {
  const first = values[0]!.shape;
  const channels = values.reduce((sum, value) => sum + value.shape[0], 0);
  const data = new Float32Array(values.reduce((sum, value) => sum + value.data.length, 0));
  let at = 0;
  for (const value of values) {
    data.set(value.data, at);
    at += value.data.length;
  }
  return { shape: first.length === 3 ? [channels, first[1], first[2]] : [channels], data };
}

/** Average over the taps inside the picture, or their maximum. */
export function pool2d(input: Value, node: Pool2dNode): Value {
  const [h, w] = windowShape(input.shape, node.kernel, node.stride, node.padding, node.dilation);
  const channels = input.shape[0];
  const data = new Float32Array(channels * h * w);
  let at = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) data[at++] = pooled(input, node, channel, y, x);
    }
  }
  return { shape: [channels, h, w], data };
}

function pooled(input: Value, node: Pool2dNode, channel: number, y: number, x: number): number {
  const taps: number[] = [];
  const [down, across] = node.dilation ?? [1, 1];
  for (let ky = 0; ky < node.kernel[0]; ky++) {
    for (let kx = 0; kx < node.kernel[1]; kx++) {
      const iy = y * node.stride[0] + ky * down - node.padding[0];
      const ix = x * node.stride[1] + kx * across - node.padding[1];
      const tap = pixel(input, channel, iy, ix);
      if (tap !== undefined) taps.push(tap);
    }
  }
  if (node.op === 'max_pool2d') return Math.max(...taps);
  return round(taps.reduce((sum, tap) => round(sum + tap)) * round(1 / taps.length));
}

/** Mean over the picture. */
export function globalAveragePool(input: Value): Value {
  const channels = input.shape[0];
  const pixels = input.data.length / channels;
  const data = new Float32Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    let sum = 0;
    for (let index = 0; index < pixels; index++) {
      sum = round(sum + input.data[channel * pixels + index]!);
    }
    data[channel] = sum * round(1 / pixels);
  }
  return { shape: [channels], data };
}

export function flatten(input: Value): Value {
  return { shape: [input.data.length], data: input.data };
}

/** scale[o] * (sum over i of w[o][i] * x[i]) + bias[o]. */
export function dense(input: Value, node: DenseNode): Value {
  const data = new Float32Array(node.outChannels);
  for (let output = 0; output < node.outChannels; output++) {
    let sum = 0;
    for (let i = 0; i < node.inChannels; i++) {
      sum = round(sum + round(node.weight[output * node.inChannels + i]! * input.data[i]!));
    }
    data[output] = round(sum * (node.weightScale?.[output] ?? 1)) + (node.bias?.[output] ?? 0);
  }
  return { shape: [node.outChannels], data };
}
