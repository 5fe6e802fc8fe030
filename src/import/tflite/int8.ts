/**
 * Operations whose result is of 8 bits. A map's numbers are kept as what TensorFlow Lite computes with: whole
 * numbers less the zero point, in float32, whose sums are exact up to 2^24. What rounds in the file is a
 * `round` here; before a sign nothing is left of it, since thresholds are found beneath it.
 */

import { linkTo, realise, sameShape } from '../builder.ts';
import { mapArray } from '../constant.ts';
import { binary } from '../elementwise.ts';
import * as spatial from '../spatial.ts';
import type { Value } from '../values.ts';
import { LARQ_OPERATIONS } from './larq.ts';
import type { Grid } from './model.ts';
import type { NodeReader, Read } from './node.ts';
import { averagePool, convolution, OPERATIONS, vectorOf } from './operations.ts';

/** Halves go away from 0, as C's `round` has it. */
function roundAway(x: number): number {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
}

function linear({ builder }: NodeReader, value: Value, scale: number, bias = 0): Value {
  if (scale === 1 && bias === 0) return value;
  return linkTo(builder, value, {
    f: (x) => Math.fround(Math.fround(x * scale) + bias),
    body: { scale, bias },
  });
}

function rounded({ builder }: NodeReader, value: Value, min: number, max: number): Value {
  return linkTo(builder, value, {
    f: (x) => Math.min(Math.max(roundAway(x), min), max),
    body: { op: 'round', min, max },
  });
}

function gridOf(node: NodeReader, grid: Grid | undefined): Grid {
  if (grid !== undefined) return grid;
  throw node.builder.unsupported('it mixes numbers of 8 bits and others', hint);
}

const hint =
  'convert without experimental_default_int8_range, so that what is not binary stays float32';

const scaleOf = (node: NodeReader, grid: Grid | undefined) => gridOf(node, grid).scales[0]!;

/** Rounded to what the result can be, `value` being in its steps; `tflite.ActivationFunctionType`. */
function stored(node: NodeReader, value: Value, activation = 0): Value {
  const { least, most } = gridOf(node, node.result);
  const one = 1 / scaleOf(node, node.result);
  const limits = [
    [least, most],
    [0, most],
    [-roundAway(one), roundAway(one)],
    [0, roundAway(6 * one)],
  ][activation];
  if (limits === undefined) {
    throw node.builder.unsupported(
      `its activation has the number ${activation}`,
      'known are none, RELU, RELU_N1_TO_1 and RELU6',
    );
  }
  return rounded(node, value, Math.max(limits[0]!, least), Math.min(limits[1]!, most));
}

/** Rounded with the zero point in it, which tells where halves go. */
function storedWithZero(node: NodeReader, value: Value, scale: number): Value {
  const { zero, least, most } = gridOf(node, node.result);
  const raised = linear(node, value, scale, zero);
  return linear(node, rounded(node, raised, least + zero, most + zero), 1, -zero);
}

/** A factor as its file's kernels have it: a mantissa from 1/2 to 1, and 2 to the power of `exponent`. */
function split(factor: number): { mantissa: number; exponent: number } {
  const exponent = Math.floor(Math.log2(factor)) + 1;
  return { mantissa: factor / 2 ** exponent, exponent };
}

/**
 * Whole numbers times a factor, or one a channel. TensorFlow Lite rounds twice: after the mantissa, and after
 * the shift (`MultiplyByQuantizedMultiplier`); where the first makes a half, the second goes on.
 */
function scaled(
  node: NodeReader,
  value: Value,
  factors: readonly number[],
  activation: number,
): Value {
  const parts = factors.map(split);
  const times = (each: Value, scales: readonly number[]): Value => {
    if (scales.length === 1) return linear(node, each, scales[0]!);
    const scale = Float32Array.from(scales);
    return sameShape(node.builder, { op: 'affine', scale }, realise(node.builder, each));
  };
  const { builder } = node;
  if (parts.some(({ exponent }) => exponent > 0 || exponent < -LONGEST_SHIFT)) {
    throw builder.unsupported('its steps are far from those of its input', hint);
  }
  const fine = times(
    value,
    parts.map(({ mantissa }) => mantissa),
  );
  const whole = rounded(node, fine, -EXACT, EXACT);
  const shifted = times(
    whole,
    parts.map(({ exponent }) => 2 ** exponent),
  );
  return stored(node, shifted, activation);
}

/** Whole numbers up to it are float32. */
const EXACT = 2 ** 24;

/** Beyond it, 8 bits leave nothing that float32 keeps exactly before it. */
const LONGEST_SHIFT = 16;

/** Of numbers, or of 8 bits with other steps. */
function quantize(node: NodeReader): Value {
  if (node.grid(0) !== undefined) return rescaled(node, node.value(0), 0);
  return stored(node, linear(node, node.value(0), 1 / scaleOf(node, node.result)));
}

/** Numbers of 8 bits with other steps. */
function rescaled(node: NodeReader, value: Value, activation: number): Value {
  const factor = scaleOf(node, node.grid(0)) / scaleOf(node, node.result);
  return factor === 1 ? stored(node, value, activation) : scaled(node, value, [factor], activation);
}

/** Exact sums times the steps of input and weights, a factor a filter. */
function scaledSums(node: NodeReader, sums: Value, activation: number): Value {
  const factor = scaleOf(node, node.grid(0)) / scaleOf(node, node.result);
  const { scales } = gridOf(node, node.grid(1));
  const factors = scales.map((scale) => scale * factor);
  return scaled(node, sums, factors, activation);
}

function biasOf(node: NodeReader): Float32Array | undefined {
  return node.has(2) ? Float32Array.from(node.whole(2, 'its bias').data) : undefined;
}

const conv =
  (isDepthwise: boolean): Read =>
  (node) => {
    const filter = node.whole(1, 'its filter');
    const sums = convolution(node, isDepthwise, filter, biasOf(node));
    return scaledSums(node, sums, node.int8(isDepthwise ? 4 : 3, 0));
  };

function fullyConnected(node: NodeReader): Value {
  const weight = node.whole(1, 'its weights');
  const sums = spatial.dense(node.builder, vectorOf(node, weight), weight, biasOf(node));
  return scaledSums(node, sums, node.int8(0, 0));
}

/** The whole numbers of an input. */
function operandOf(node: NodeReader, input: number): Value {
  const value = node.value(input);
  if (value.kind !== 'constant') return value;
  return { kind: 'constant', array: node.whole(input, 'its input') };
}

/** In 20 bits more than the numbers have, so that it is as if it rounded once. */
const sumOf =
  (operation: 'add' | 'subtract'): Read =>
  (node) => {
    const [first, second] = [0, 1].map((input) => {
      const factor = scaleOf(node, node.grid(input)) / scaleOf(node, node.result);
      const operand = operandOf(node, input);
      if (operand.kind !== 'constant') return linear(node, operand, factor);
      return { kind: 'constant', array: mapArray(operand.array, (x) => x * factor) } as const;
    }) as [Value, Value];
    return stored(node, binary(node.builder, operation, first, second), node.int8(0, 0));
  };

function multiply(node: NodeReader): Value {
  const product = binary(node.builder, 'multiply', operandOf(node, 0), operandOf(node, 1));
  const [first, second] = [0, 1].map((input) => scaleOf(node, node.grid(input)));
  const factor = (first! * second!) / scaleOf(node, node.result);
  return scaled(node, product, [factor], node.int8(0, 0));
}

function sameGrid(node: NodeReader, input: number): void {
  const [from, to] = [gridOf(node, node.grid(input)), gridOf(node, node.result)];
  if (from.scales[0] === to.scales[0] && from.zero === to.zero) return;
  throw node.builder.unsupported('its result has other steps than its input', hint);
}

/** What moves numbers and leaves them as they are, by its inputs. */
const moved =
  (operation: string, first = 0): Read =>
  (node) => {
    const last = operation === 'CONCATENATION' ? node.count - 1 : first;
    for (let input = first; input <= last; input++) sameGrid(node, input);
    return OPERATIONS[operation]!(node);
  };

function average(node: NodeReader): Value {
  sameGrid(node, 0);
  const mean = storedWithZero(node, averagePool(node), 1);
  return node.int8(5, 0) === 0 ? mean : stored(node, mean, node.int8(5, 0));
}

function maxPool(node: NodeReader): Value {
  const largest = moved('MAX_POOL_2D')(node) as Value;
  return node.int8(5, 0) === 0 ? largest : stored(node, largest, node.int8(5, 0));
}

function mean(node: NodeReader): Value {
  const factor = scaleOf(node, node.grid(0)) / scaleOf(node, node.result);
  return stored(node, linear(node, OPERATIONS.MEAN!(node) as Value, factor));
}

const activationOf =
  (activation: number): Read =>
  (node) =>
    rescaled(node, node.value(0), activation);

function bconv2d(node: NodeReader): Value {
  const made = LARQ_OPERATIONS.LceBconv2d!(node) as Value;
  return storedWithZero(node, made, 1 / scaleOf(node, node.result));
}

export const INT8_OPERATIONS: Readonly<Record<string, Read>> = {
  ADD: sumOf('add'),
  AVERAGE_POOL_2D: average,
  CONCATENATION: moved('CONCATENATION'),
  CONV_2D: conv(false),
  DEPTHWISE_CONV_2D: conv(true),
  EXPAND_DIMS: moved('EXPAND_DIMS'),
  FULLY_CONNECTED: fullyConnected,
  LceBconv2d: bconv2d,
  MAX_POOL_2D: maxPool,
  MEAN: mean,
  MUL: multiply,
  PAD: moved('PAD'),
  QUANTIZE: quantize,
  RELU: activationOf(1),
  RELU6: activationOf(3),
  RELU_N1_TO_1: activationOf(2),
  RESHAPE: moved('RESHAPE'),
  SLICE: moved('SLICE'),
  SPLIT: moved('SPLIT', 1),
  SQUEEZE: moved('SQUEEZE'),
  STRIDED_SLICE: moved('STRIDED_SLICE'),
  SUB: sumOf('subtract'),
};
