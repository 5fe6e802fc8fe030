/** What each ONNX operation is in terms of the builder (onnx/docs/Operators.md). */

import { ndArray, scalar, uniformValue } from '../array.ts';
import { realise, sameShape, spread } from '../builder.ts';
import * as constants from '../constant.ts';
import {
  type BinaryOperation,
  binary,
  clip,
  hardSigmoid,
  hardSwish,
  type UnaryOperation,
  unary,
  where,
} from '../elementwise.ts';
import * as spatial from '../spatial.ts';
import type { Value } from '../values.ts';
import { elementTypeOf } from './model.ts';
import { constant, list, type NodeReader, type Read } from './node.ts';
import * as shapes from './shapes.ts';
import * as windows from './windows.ts';

const binaryOf =
  (operation: BinaryOperation): Read =>
  (node) =>
    binary(node.builder, operation, node.value(0), node.value(1));

const unaryOf =
  (operation: UnaryOperation): Read =>
  (node) =>
    unary(node.builder, operation, node.value(0));

function reduce(reduction: constants.Reduction): Read {
  return (node) => {
    const axes = list(node, 1, 'axes');
    const keep = node.number('keepdims', 1) !== 0;
    const value = node.value(0);
    if (axes?.length === 0 && node.number('noop_with_empty_axes', 0) !== 0) return value;
    if (value.kind === 'constant') {
      const over = axes === undefined || axes.length === 0 ? undefined : axes;
      return constant(constants.reduceArray(value.array, reduction, over, keep));
    }
    if (reduction === 'mean') {
      const all = node.shape(0).map((_, axis) => axis);
      return spatial.mean(node.builder, value, axes ?? all, keep);
    }
    throw node.builder.unsupported('it is taken of a value of the picture', 'the mean is known');
  };
}

function limits(node: NodeReader): Value {
  const limit = (at: number, name: string, fallback: number) =>
    node.has(at) ? uniformValue(node.constant(at, name)) : node.number(name, fallback);
  const min = limit(1, 'min', Number.NEGATIVE_INFINITY);
  const max = limit(2, 'max', Number.POSITIVE_INFINITY);
  return clip(
    node.builder,
    node.value(0),
    min ?? Number.NEGATIVE_INFINITY,
    max ?? Number.POSITIVE_INFINITY,
  );
}

function softmax(node: NodeReader): Value {
  const map = realise(node.builder, node.value(0));
  return sameShape(node.builder, { op: 'softmax' }, map);
}

function prelu(node: NodeReader): Value {
  const slope = node.constant(1, 'its slope');
  const map = realise(node.builder, node.value(0));
  const { by } = spread(node.builder, map, slope);
  return spatial.prelu(node.builder, map, typeof by === 'number' ? Float32Array.of(by) : by);
}

function constantOf(node: NodeReader): Value {
  const tensor = node.tensor('value');
  if (tensor !== undefined) return constant(tensor);
  const floats = node.numbers('value_floats');
  if (floats !== undefined) return constant(ndArray('float', [floats.length], floats));
  const ints = node.numbers('value_ints');
  if (ints !== undefined) return constant(ndArray('int', [ints.length], ints));
  const int = node.number('value_int', Number.NaN);
  if (!Number.isNaN(int)) return constant(scalar(int, 'int'));
  return constant(scalar(node.number('value_float', 0)));
}

function cast(node: NodeReader): Value {
  const type = elementTypeOf(node.number('to', 1));
  const value = node.value(0);
  if (value.kind === 'constant') {
    const f =
      type === 'int'
        ? Math.trunc
        : type === 'bool'
          ? (x: number) => Number(x !== 0)
          : (x: number) => x;
    return constant(constants.mapArray(value.array, f, type));
  }
  // Comparisons are 0 and 1 already, and maps are float32.
  if (type === 'float' || value.kind === 'steps') return value;
  throw node.builder.unsupported('it makes whole numbers of a map', 'maps are float32');
}

/** QONNX: scale times the sign, +1 for 0. */
function bipolarQuant(node: NodeReader): Value {
  const signs = unary(node.builder, 'bipolar', node.value(0));
  return binary(node.builder, 'multiply', signs, constant(node.constant(1, 'its scale')));
}

function leakyRelu(node: NodeReader): Value {
  return spatial.prelu(node.builder, node.value(0), Float32Array.of(node.number('alpha', 0.01)));
}

function extreme(operation: 'minimum' | 'maximum'): Read {
  return (node) =>
    Array.from({ length: node.count - 1 }, (_, at) => node.value(at + 1)).reduce(
      (value, next) => binary(node.builder, operation, value, next),
      node.value(0),
    );
}

export const OPERATIONS: Readonly<Record<string, Read>> = {
  Abs: unaryOf('abs'),
  Add: binaryOf('add'),
  And: binaryOf('and'),
  AveragePool: windows.averagePool,
  BatchNormalization: windows.batchNormalization,
  Cast: cast,
  Ceil: unaryOf('ceil'),
  Clip: limits,
  Concat: shapes.concat,
  Constant: constantOf,
  ConstantOfShape: shapes.constantOfShape,
  Conv: windows.conv,
  Div: binaryOf('divide'),
  Equal: binaryOf('equal'),
  Exp: unaryOf('exp'),
  Expand: shapes.expand,
  Flatten: shapes.flatten,
  Floor: unaryOf('floor'),
  Gather: shapes.gather,
  Gemm: windows.gemm,
  GlobalAveragePool: windows.globalAveragePool,
  Greater: binaryOf('greater'),
  GreaterOrEqual: binaryOf('greater_equal'),
  HardSigmoid: (node) =>
    hardSigmoid(node.builder, node.value(0), node.number('alpha', 0.2), node.number('beta', 0.5)),
  HardSwish: (node) => hardSwish(node.builder, node.value(0)),
  LeakyRelu: leakyRelu,
  Less: binaryOf('less'),
  LessOrEqual: binaryOf('less_equal'),
  Log: unaryOf('log'),
  LogSoftmax: softmax,
  MatMul: windows.matMul,
  Max: extreme('maximum'),
  MaxPool: windows.maxPool,
  Min: extreme('minimum'),
  Mul: binaryOf('multiply'),
  Neg: unaryOf('neg'),
  Not: unaryOf('not'),
  Or: binaryOf('or'),
  PRelu: prelu,
  Pad: shapes.pad,
  Pow: binaryOf('power'),
  Reciprocal: (node) => binary(node.builder, 'divide', constant(scalar(1)), node.value(0)),
  ReduceMax: reduce('max'),
  ReduceMean: reduce('mean'),
  ReduceMin: reduce('min'),
  ReduceSum: reduce('sum'),
  Relu: unaryOf('relu'),
  Reshape: shapes.reshape,
  Round: unaryOf('round'),
  Shape: shapes.shape,
  Sigmoid: unaryOf('sigmoid'),
  Sign: unaryOf('sign'),
  Slice: shapes.slice,
  Softmax: softmax,
  Split: shapes.split,
  Sqrt: unaryOf('sqrt'),
  Squeeze: shapes.squeeze,
  Sub: binaryOf('subtract'),
  Tanh: unaryOf('tanh'),
  Transpose: shapes.transpose,
  Unsqueeze: shapes.unsqueeze,
  Where: (node) => where(node.builder, node.value(0), node.value(1), node.value(2)),
  'onnx.brevitas.BipolarQuant': bipolarQuant,
  'qonnx.custom_op.general.BipolarQuant': bipolarQuant,
};
