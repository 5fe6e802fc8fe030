/**
 * The custom operations of Larq Compute Engine (larq_compute_engine/tflite/kernels). Its bits lie
 * along channels in int32, the least significant first, 1 for -1: the inverse of ours. Here they
 * stay step functions of the value that they are signs of.
 */

import type { Pair } from '../../tensor.ts';
import { checkedSize, type NdArray } from '../array.ts';
import { sameShape } from '../builder.ts';
import { unary } from '../elementwise.ts';
import * as spatial from '../spatial.ts';
import type { Steps } from '../steps.ts';
import type { MapValue, StepsValue, Value } from '../values.ts';
import type { NodeReader, Read } from './node.ts';
import { activated, windowOf } from './window.ts';

/** Bits a word. */
const WORD = 32;

/** +1 above 0, where 0 cannot occur. */
const ABOVE_ZERO: Steps = { breaks: [0], levels: [-1, 1] };

/** +1 from 0 on. */
function quantize(node: NodeReader): Value {
  return unary(node.builder, 'bipolar', node.value(0));
}

/** Signs are +1 and -1 already. */
function dequantize(node: NodeReader): Value {
  return signsOf(node);
}

function signsOf(node: NodeReader): StepsValue {
  const value = node.value(0);
  if (value.kind === 'steps' && String(value.steps.levels) === '-1,1') return value;
  throw node.builder.unsupported(
    'its input is no value of LceQuantize, LceBconv2d or LceBMaxPool2d',
    'the file is damaged',
  );
}

/** +1 and -1 of words `[O, kh, kw, words]`, as `[O, channels, kh, kw]`. */
function unpacked(words: NdArray, channels: number): Float32Array {
  const [filters, kh, kw, count] = words.shape as [number, number, number, number];
  const signs = new Float32Array(checkedSize([filters, channels, kh, kw]));
  const area = kh * kw;
  for (let tap = 0; tap < filters * area; tap++) {
    const [filter, pixel] = [Math.floor(tap / area), tap % area];
    for (let channel = 0; channel < channels; channel++) {
      const word = words.data[tap * count + (channel >> 5)]!;
      const bit = (word >> (channel & 31)) & 1;
      signs[(filter * channels + channel) * area + pixel] = bit === 1 ? -1 : 1;
    }
  }
  return signs;
}

function bconv2d(node: NodeReader): Value {
  const { builder } = node;
  const input = signsOf(node);
  const words = node.constant(1, 'its filter');
  if (words.shape.length !== 4) {
    throw builder.unsupported(
      `its filter is [${words.shape.join(', ')}]`,
      'it has four dimensions',
    );
  }
  const [outChannels, kh, kw, perGroup] = words.shape as [number, number, number, number];
  const inChannels = node.custom('channels_in');
  const groups = Math.ceil(inChannels / WORD) / perGroup;
  const channels = inChannels / groups;
  if (!Number.isInteger(groups) || !(groups === 1 || channels === perGroup * WORD)) {
    throw builder.unsupported(
      `its ${inChannels} channels are in groups of ${perGroup * WORD}`,
      'groups of multiples of 32 channels are known',
    );
  }
  const signs = unpacked(words, channels);
  const paddingValue = node.custom('pad_values');
  if (paddingValue !== 0 && paddingValue !== 1) {
    throw builder.unsupported(`its border is ${paddingValue}`, 'known are 0 and 1');
  }
  const options = {
    ...windowOf(node, input.base.shape, {
      kernel: [kh, kw],
      stride: pairOf(node, 'stride'),
      dilation: pairOf(node, 'dilation', '_factor'),
      padding: node.custom('padding'),
    }),
    outChannels,
    groups,
    paddingValue,
  };
  if (node.has(4)) {
    const bordered = options.padding.some((side) => side > 0);
    if (paddingValue === 0 && bordered) {
      throw builder.unsupported(
        'it has thresholds and a border of zeros',
        'train with pad_values=1, or without padding',
      );
    }
    const sums = spatial.conv(builder, input, { ...options, weight: signs, bias: undefined });
    return thresholded(node, sums, channels * kh * kw);
  }
  const multiplier = perFilter(node, 2, 'its multiplier', outChannels, 1);
  const bias = perFilter(node, 3, 'its bias', outChannels, 0);
  const activation = node.custom('fused_activation_function');
  if (activation !== 0) {
    // The activation is of the sum, before the multiplier.
    const sums = spatial.conv(builder, input, { ...options, weight: signs, bias: undefined });
    const limited = activated(node, sums, activation);
    const { base, links } = limited as Extract<Value, { kind: 'chain' }>;
    const clipped = links.reduce<MapValue>((map, { body }) => {
      return 'min' in body ? sameShape(builder, body, map) : map;
    }, base);
    return sameShape(builder, { op: 'affine', scale: multiplier, bias }, clipped);
  }
  const run = signs.length / outChannels;
  const weight = signs.map((sign, at) => sign * multiplier[Math.floor(at / run)]!);
  const some = bias.some((x) => x !== 0);
  return spatial.conv(builder, input, { ...options, weight, bias: some ? bias : undefined });
}

/**
 * -1 where more than `threshold` of the `taps` differ: sum = taps - 2 differing. A sum is even where
 * `taps` is, so that sum - taps + 2 threshold + 1 is odd and its sign beyond doubt.
 */
function thresholded(node: NodeReader, sums: MapValue, taps: number): StepsValue {
  const thresholds = node.constant(4, 'its thresholds');
  const channels = sums.layer.shape[0];
  if (thresholds.data.length !== channels) {
    throw node.builder.unsupported(
      `it has ${thresholds.data.length} thresholds for ${channels} channels`,
      'the file is damaged',
    );
  }
  // Thresholds outside 0 to taps mean that a channel is always -1, or always +1.
  const bias = Float32Array.from(
    thresholds.data,
    (threshold) => 2 * Math.min(Math.max(threshold, -1), taps) + 1 - taps,
  );
  const base = sameShape(node.builder, { op: 'affine', bias }, sums);
  return { kind: 'steps', base, steps: ABOVE_ZERO };
}

function perFilter(
  node: NodeReader,
  input: number,
  what: string,
  filters: number,
  fallback: number,
): Float32Array {
  if (!node.has(input)) return new Float32Array(filters).fill(fallback);
  const { data } = node.constant(input, what);
  if (data.length === filters) return Float32Array.from(data);
  throw node.builder.unsupported(
    `${what} has ${data.length} numbers for ${filters} filters`,
    'the file is damaged',
  );
}

function pairOf(node: NodeReader, name: string, suffix = ''): Pair {
  return [node.custom(`${name}_height${suffix}`), node.custom(`${name}_width${suffix}`)];
}

function bmaxPool2d(node: NodeReader): Value {
  const input = signsOf(node);
  const window = windowOf(node, input.base.shape, {
    kernel: pairOf(node, 'filter'),
    stride: pairOf(node, 'stride'),
    dilation: [1, 1],
    padding: node.custom('padding'),
  });
  return spatial.maxPool(node.builder, input, window);
}

export const LARQ_OPERATIONS: Readonly<Record<string, Read>> = {
  LceQuantize: quantize,
  LceDequantize: dequantize,
  LceBconv2d: bconv2d,
  LceBMaxPool2d: bmaxPool2d,
};
