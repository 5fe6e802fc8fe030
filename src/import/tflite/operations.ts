/** What each operation of TensorFlow Lite is in terms of the builder (schema.fbs has the options). */

import type { Padding } from '../../tensor.ts';
import {
  integersOf,
  type NdArray,
  ndArray,
  normalAxis,
  transposed,
  uniformValue,
} from '../array.ts';
import { type Builder, linkTo, realise, sameShape, spread } from '../builder.ts';
import * as constants from '../constant.ts';
import {
  type BinaryOperation,
  binary,
  clip,
  hardSwish,
  type UnaryOperation,
  unary,
} from '../elementwise.ts';
import * as spatial from '../spatial.ts';
import type { MapValue, Value } from '../values.ts';
import { LARQ_OPERATIONS } from './larq.ts';
import type { Grid } from './model.ts';
import type { NodeReader, Read } from './node.ts';
import { activated, windowOf } from './window.ts';

const constant = (array: NdArray): Value => ({ kind: 'constant', array });

const binaryOf =
  (operation: BinaryOperation, fused: boolean): Read =>
  (node) => {
    const value = binary(node.builder, operation, node.value(0), node.value(1));
    return fused ? activated(node, value, node.int8(0, 0)) : value;
  };

const unaryOf =
  (operation: UnaryOperation): Read =>
  (node) =>
    unary(node.builder, operation, node.value(0));

const clipOf =
  (min: number, max: number): Read =>
  (node) =>
    clip(node.builder, node.value(0), min, max);

/** Weights `[O, kh, kw, I]`, or `[1, kh, kw, O]` where each channel has its own. */
function weightOf(node: NodeReader, isDepthwise: boolean, array: NdArray) {
  if (array.shape.length !== 4) {
    throw node.builder.unsupported(
      `its filter is [${array.shape.join(', ')}]`,
      'convolutions over pictures have four dimensions',
    );
  }
  const moved = transposed(array, isDepthwise ? [3, 0, 1, 2] : [0, 3, 1, 2]);
  const [outChannels, inputs, kh, kw] = moved.shape as [number, number, number, number];
  const weight = Float32Array.from(moved.data);
  return { weight, outChannels, inputs, kernel: [kh, kw] as const };
}

/** Without what is fused into it. The fields of a depthwise one's options come one later. */
export function convolution(
  node: NodeReader,
  isDepthwise: boolean,
  filter: NdArray,
  bias: Float32Array | undefined,
): MapValue {
  const { weight, outChannels, inputs, kernel } = weightOf(node, isDepthwise, filter);
  const later = isDepthwise ? 1 : 0;
  const window = windowOf(node, node.shape(0), {
    kernel,
    stride: [node.int32(2, 0), node.int32(1, 0)],
    dilation: [node.int32(5 + later, 1), node.int32(4 + later, 1)],
    padding: node.int8(0, 0),
  });
  const channels = node.shape(0)[3]!;
  const groups = isDepthwise ? channels : channels / inputs;
  const options = { ...window, weight, bias, outChannels, groups };
  return spatial.conv(node.builder, node.value(0), options);
}

const conv =
  (isDepthwise: boolean): Read =>
  (node) => {
    const made = convolution(node, isDepthwise, node.constant(1, 'its filter'), biasOf(node));
    return activated(node, made, node.int8(isDepthwise ? 4 : 3, 0));
  };

function biasOf(node: NodeReader): Float32Array | undefined {
  return node.has(2) ? Float32Array.from(node.constant(2, 'its bias').data) : undefined;
}

function pooled(node: NodeReader): ReturnType<typeof windowOf> {
  return windowOf(node, node.shape(0), {
    kernel: [node.int32(4, 0), node.int32(3, 0)],
    stride: [node.int32(2, 0), node.int32(1, 0)],
    dilation: [1, 1],
    padding: node.int8(0, 0),
  });
}

function maxPool(node: NodeReader): Value {
  const made = spatial.maxPool(node.builder, node.value(0), pooled(node));
  return activated(node, made, node.int8(5, 0));
}

/** Taps outside do not count. */
export function averagePool(node: NodeReader): MapValue {
  return spatial.averagePool(node.builder, node.value(0), pooled(node), false);
}

/** The vector that a matrix of weights multiplies. */
export function vectorOf(node: NodeReader, weight: NdArray): Value {
  if (weight.shape.length !== 2 || node.int8(1, 0) !== 0) {
    throw node.builder.unsupported(
      `its weights are [${weight.shape.join(', ')}], format ${node.int8(1, 0)}`,
      'a matrix [outputs, inputs] in the default format is known',
    );
  }
  const inputs = weight.shape[1]!;
  const from = node.shape(0);
  const vector = from.length === 2 ? from : constants.resolveShape(from, [-1, inputs], false);
  return toShape(node, node.value(0), vector);
}

function fullyConnected(node: NodeReader): Value {
  const weight = node.constant(1, 'its weights');
  const made = spatial.dense(node.builder, vectorOf(node, weight), weight, biasOf(node));
  return activated(node, made, node.int8(0, 0));
}

function toShape(node: NodeReader, value: Value, shape: readonly number[]): Value {
  if (value.kind === 'constant') return constant(constants.reshaped(value.array, shape));
  return spatial.reshape(node.builder, value, shape);
}

function reshape(node: NodeReader): Value {
  const wanted = node.has(1) ? integersOf(node.constant(1, 'its shape')) : node.int32s(0);
  const shape = constants.resolveShape(node.shape(0), wanted ?? [], false);
  return toShape(node, node.value(0), shape);
}

function squeeze(node: NodeReader): Value {
  const shape = node.shape(0);
  const axes = (node.int32s(0) ?? []).map((axis) => normalAxis(axis, shape.length));
  const kept = shape.filter(
    (side, axis) => !(axes.length === 0 ? side === 1 : axes.includes(axis)),
  );
  return toShape(node, node.value(0), kept);
}

function expandDims(node: NodeReader): Value {
  const shape = [...node.shape(0)];
  const axis = normalAxis(integersOf(node.constant(1, 'its axis'))[0] ?? 0, shape.length + 1);
  shape.splice(axis, 0, 1);
  return toShape(node, node.value(0), shape);
}

function transpose(node: NodeReader): Value {
  const permutation = integersOf(node.constant(1, 'its permutation'));
  return spatial.transpose(node.builder, node.value(0), permutation);
}

function mean(node: NodeReader): Value {
  const axes = node.constant(1, 'its axes');
  const keep = node.int8(0, 0) !== 0;
  const value = node.value(0);
  if (value.kind !== 'constant') return spatial.mean(node.builder, value, axes, keep);
  return constant(constants.reduceArray(value.array, 'mean', integersOf(axes), keep));
}

function prelu(node: NodeReader): Value {
  const map = realise(node.builder, node.value(0));
  const { by } = spread(node.builder, map, node.constant(1, 'its slope'));
  return spatial.prelu(node.builder, map, typeof by === 'number' ? Float32Array.of(by) : by);
}

function leakyRelu(node: NodeReader): Value {
  return spatial.prelu(node.builder, node.value(0), Float32Array.of(node.float32(0, 0)));
}

function softmax(node: NodeReader): Value {
  if (node.float32(0, 1) !== 1) {
    throw node.builder.unsupported(`its beta is ${node.float32(0, 1)}`, 'known is 1');
  }
  return sameShape(node.builder, { op: 'softmax' }, realise(node.builder, node.value(0)));
}

/** Borders `[[batch], [top, bottom], [left, right], [channels]]`. */
function pad(node: NodeReader): Value {
  const sides = integersOf(node.constant(1, 'its borders'));
  const filler = node.has(2) ? uniformValue(node.constant(2, 'its value')) : 0;
  if (sides.length !== 8 || !sides.every((side) => Number.isInteger(side) && side >= 0)) {
    throw node.builder.unsupported(
      `its borders are ${sides.join(', ')}`,
      'borders of pictures, none negative',
    );
  }
  if (sides[0]! + sides[1]! > 0) throw node.builder.unsupported('it pads the batch', 'it is 1');
  const around: Padding = [sides[2]!, sides[4]!, sides[3]!, sides[5]!];
  const bordered = spatial.pad(node.builder, node.value(0), around, filler ?? 0);
  if (sides[6]! + sides[7]! === 0) return bordered;
  return spatial.padChannels(node.builder, bordered, [sides[6]!, sides[7]!], filler ?? 0);
}

function concat(node: NodeReader): Value {
  const values = Array.from({ length: node.count }, (_, at) => node.value(at));
  const axis = node.int32(0, 0);
  if (values.every((value) => value.kind === 'constant')) {
    const arrays = values.map(({ array }) => array);
    return constant(constants.concatenated(arrays, axis));
  }
  return activated(node, spatial.concat(node.builder, values, axis), node.int8(1, 0));
}

function ranged(node: NodeReader, value: Value, ranges: readonly constants.Range[]): Value {
  if (value.kind === 'constant') return constant(constants.sliced(value.array, ranges));
  return spatial.slice(node.builder, value, ranges);
}

/** Equal parts of one axis. */
function split(node: NodeReader): readonly Value[] {
  const value = node.value(1);
  const shape = node.shape(1);
  const axis = normalAxis(integersOf(node.constant(0, 'its axis'))[0] ?? 0, shape.length);
  const part = shape[axis]! / node.results;
  if (!Number.isInteger(part)) {
    throw node.builder.unsupported(
      `it makes ${node.results} parts of ${shape[axis]}`,
      'equal parts',
    );
  }
  return Array.from({ length: node.results }, (_, at) =>
    ranged(node, value, [{ axis, begin: at * part, end: (at + 1) * part, step: 1 }]),
  );
}

function slice(node: NodeReader): Value {
  const begins = integersOf(node.constant(1, 'its begin'));
  const sizes = integersOf(node.constant(2, 'its size'));
  const shape = node.shape(0);
  const ranges = begins.map((begin, axis) => {
    const size = sizes[axis] ?? -1;
    return { axis, begin, end: size === -1 ? (shape[axis] ?? 0) : begin + size, step: 1 };
  });
  return ranged(node, node.value(0), ranges);
}

/** Python's ranges; masks have a bit an axis. */
function stridedSlice(node: NodeReader): Value {
  const [begins, ends, steps] = [1, 2, 3].map((at) => integersOf(node.constant(at, 'its range')));
  const bit = (field: number, axis: number) => ((node.int32(field, 0) >> axis) & 1) === 1;
  if (node.int32(2, 0) !== 0 || node.int32(3, 0) !== 0) {
    throw node.builder.unsupported('it adds axes, or leaves some out', 'plain ranges are known');
  }
  const shape = node.shape(0);
  const ranges = begins!.map((begin, axis) => {
    const side = shape[axis] ?? 0;
    const step = steps![axis] ?? 1;
    if (bit(4, axis)) {
      const first = normalAxis(begin, Math.max(side, 1));
      return { axis, begin: first, end: first + 1, step: 1 };
    }
    const forward = step > 0;
    return {
      axis,
      begin: bit(0, axis) ? (forward ? 0 : side - 1) : begin,
      end: bit(1, axis) ? (forward ? side : -side - 1) : ends![axis]!,
      step,
    };
  });
  const made = ranged(node, node.value(0), ranges);
  const dropped = shape.map((_, axis) => axis < ranges.length && bit(4, axis));
  if (!dropped.includes(true)) return made;
  const sizes = made.kind === 'constant' ? made.array.shape : shape;
  return toShape(
    node,
    made,
    sizes.filter((_, axis) => !dropped[axis]),
  );
}

function shape(node: NodeReader): Value {
  const sides = node.shape(0);
  return constant(ndArray('int', [sides.length], sides));
}

/** Constants, of a shape mostly, along a new axis. */
function pack(node: NodeReader): Value {
  const arrays = Array.from({ length: node.count }, (_, at) => node.constant(at, 'its input'));
  const axis = normalAxis(node.int32(1, 0), arrays[0]!.shape.length + 1);
  const wide = arrays.map((array) => {
    const sides = [...array.shape];
    sides.splice(axis, 0, 1);
    return constants.reshaped(array, sides);
  });
  return constant(constants.concatenated(wide, axis));
}

/** What the whole numbers of a map stand for; constants, and what has no grid, are that already. */
export function dequantize(builder: Builder, value: Value, grid: Grid | undefined): Value {
  if (value.kind === 'constant' || grid === undefined) return value;
  const [scale] = grid.scales as [number];
  const f = (x: number) => Math.fround(x * scale);
  return linkTo(builder, value, { f, body: { scale, bias: 0 } });
}

export const OPERATIONS: Readonly<Record<string, Read>> = {
  ...LARQ_OPERATIONS,
  ABS: unaryOf('abs'),
  ADD: binaryOf('add', true),
  AVERAGE_POOL_2D: (node) => activated(node, averagePool(node), node.int8(5, 0)),
  CONCATENATION: concat,
  CONV_2D: conv(false),
  DEPTHWISE_CONV_2D: conv(true),
  DEQUANTIZE: (node) => dequantize(node.builder, node.value(0), node.grid(0)),
  DIV: binaryOf('divide', true),
  EXPAND_DIMS: expandDims,
  FULLY_CONNECTED: fullyConnected,
  HARD_SWISH: (node) => hardSwish(node.builder, node.value(0)),
  LEAKY_RELU: leakyRelu,
  LOGISTIC: unaryOf('sigmoid'),
  MAXIMUM: binaryOf('maximum', false),
  MAX_POOL_2D: maxPool,
  MEAN: mean,
  MINIMUM: binaryOf('minimum', false),
  MUL: binaryOf('multiply', true),
  NEG: unaryOf('neg'),
  PACK: pack,
  PAD: pad,
  PADV2: pad,
  PRELU: prelu,
  RELU: unaryOf('relu'),
  RELU6: clipOf(0, 6),
  RELU_N1_TO_1: clipOf(-1, 1),
  RESHAPE: reshape,
  ROUND: unaryOf('round'),
  SHAPE: shape,
  SLICE: slice,
  SOFTMAX: softmax,
  SPLIT: split,
  SQUEEZE: squeeze,
  STRIDED_SLICE: stridedSlice,
  SUB: binaryOf('subtract', true),
  TANH: unaryOf('tanh'),
  TRANSPOSE: transpose,
};
