/** What each ONNX operation is in terms of the builder (onnx/docs/Operators.md). */

import { ImportError } from '../../errors.ts';
import type { Padding, Pair } from '../../tensor.ts';
import {
  allocate,
  broadcastShape,
  broadcastTo,
  checkedSize,
  integersOf,
  type NdArray,
  ndArray,
  normalAxis,
  product,
  scalar,
  transposed,
  uniformValue,
} from '../array.ts';
import { type Builder, realise, sameShape, spread } from '../builder.ts';
import * as constants from '../constant.ts';
import {
  type BinaryOperation,
  binary,
  clip,
  type UnaryOperation,
  unary,
  where,
} from '../elementwise.ts';
import * as spatial from '../spatial.ts';
import type { Value } from '../values.ts';
import { elementTypeOf } from './model.ts';

/** One node, with its inputs read and its attributes at hand. */
export interface NodeReader {
  readonly builder: Builder;
  readonly opset: number;
  readonly operation: string;
  /** How many inputs are listed. */
  readonly count: number;
  has(input: number): boolean;
  value(input: number): Value;
  /** A constant input; `what` it is, for the error. */
  constant(input: number, what: string): NdArray;
  shape(input: number): readonly number[];
  number(attribute: string, fallback: number): number;
  text(attribute: string, fallback: string): string;
  numbers(attribute: string): readonly number[] | undefined;
  tensor(attribute: string): NdArray | undefined;
}

type Read = (node: NodeReader) => Value;

const constant = (array: NdArray): Value => ({ kind: 'constant', array });

const binaryOf =
  (operation: BinaryOperation): Read =>
  (node) =>
    binary(node.builder, operation, node.value(0), node.value(1));

const unaryOf =
  (operation: UnaryOperation): Read =>
  (node) =>
    unary(node.builder, operation, node.value(0));

/** A list of whole numbers that older opsets have as an attribute, newer ones as an input. */
function list(node: NodeReader, input: number, attribute: string): number[] | undefined {
  if (node.has(input)) return integersOf(node.constant(input, attribute));
  const numbers = node.numbers(attribute);
  return numbers === undefined ? undefined : [...numbers];
}

const pairOf = (numbers: readonly number[] | undefined, fallback: number): Pair =>
  numbers === undefined ? [fallback, fallback] : [numbers[0]!, numbers[1] ?? fallback];

/** Kernel, stride, dilation and padding of a convolution or pool over `[1, C, H, W]`. */
function windowOf(node: NodeReader, kernel: Pair) {
  const stride = pairOf(node.numbers('strides'), 1);
  const dilation = pairOf(node.numbers('dilations'), 1);
  const shape = node.shape(0);
  if (shape.length !== 4) {
    throw node.builder.unsupported(
      `its input is [${shape.join(', ')}]`,
      'windows over pictures [1, channels, height, width] are known',
    );
  }
  const pads = node.numbers('pads') ?? [0, 0, 0, 0];
  const auto = node.text('auto_pad', 'NOTSET');
  const same = (axis: 0 | 1): [number, number] => {
    const side = shape[axis + 2]!;
    const reach = dilation[axis] * (kernel[axis] - 1) + 1;
    const total = Math.max(0, (Math.ceil(side / stride[axis]) - 1) * stride[axis] + reach - side);
    const less = Math.floor(total / 2);
    return auto === 'SAME_UPPER' ? [less, total - less] : [total - less, less];
  };
  let padding = (auto === 'VALID' ? [0, 0, 0, 0] : [...pads]) as number[];
  if (auto.startsWith('SAME')) {
    const [vertical, horizontal] = [same(0), same(1)];
    padding = [vertical[0], horizontal[0], vertical[1], horizontal[1]];
  }
  const whole = (values: readonly number[], least: number) =>
    values.every((x) => Number.isInteger(x) && x >= least && x <= 1024);
  if (
    padding.length !== 4 ||
    !whole(padding, 0) ||
    !whole([...kernel, ...stride, ...dilation], 1)
  ) {
    throw node.builder.unsupported(
      `kernel ${kernel.join('x')}, strides ${stride.join('x')}, pads ${padding.join(', ')}`,
      'whole numbers up to 1024, none of them negative',
    );
  }
  return { kernel, stride, dilation, padding: padding as unknown as Padding };
}

function conv(node: NodeReader): Value {
  const weight = node.constant(1, 'its weight');
  if (weight.shape.length !== 4) {
    throw node.builder.unsupported(
      `its weight is [${weight.shape.join(', ')}]`,
      'convolutions over pictures have four dimensions',
    );
  }
  const [outChannels, , kh, kw] = weight.shape as [number, number, number, number];
  const input = node.value(0);
  return spatial.conv(node.builder, input, {
    ...windowOf(node, [kh, kw]),
    weight: Float32Array.from(weight.data),
    bias: node.has(2) ? Float32Array.from(node.constant(2, 'its bias').data) : undefined,
    outChannels,
    groups: node.number('group', 1),
  });
}

function gemm(node: NodeReader): Value {
  const alpha = node.number('alpha', 1);
  const beta = node.number('beta', 1);
  if (node.number('transA', 0) !== 0) {
    throw node.builder.unsupported('it transposes its input', 'known is transA = 0');
  }
  const b = node.constant(1, 'its weight');
  const rows = node.number('transB', 0) === 0 ? transposed(b, [1, 0]) : b;
  const weight = alpha === 1 ? rows : constants.mapArray(rows, (x) => x * alpha);
  const bias = node.has(2)
    ? broadcastTo(node.constant(2, 'its bias'), [1, weight.shape[0]!])
    : undefined;
  const scaled = bias && Float32Array.from(bias.data, (x) => x * beta);
  return spatial.dense(node.builder, node.value(0), weight, scaled);
}

function matMul(node: NodeReader): Value {
  const [a, b] = [node.value(0), node.value(1)];
  if (a.kind === 'constant' && b.kind === 'constant') {
    return constant(constants.multiplied(a.array, b.array));
  }
  if (node.shape(0).length !== 2 || node.shape(1).length !== 2) {
    throw node.builder.unsupported(
      `it multiplies [${node.shape(0).join(', ')}] by [${node.shape(1).join(', ')}]`,
      'known is a vector [1, channels] by a constant matrix',
    );
  }
  return spatial.dense(
    node.builder,
    a,
    transposed(node.constant(1, 'its weight'), [1, 0]),
    undefined,
  );
}

function batchNormalization(node: NodeReader): Value {
  const vector = (at: number, what: string) => Float32Array.from(node.constant(at, what).data);
  const [gamma, beta] = [vector(1, 'its scale'), vector(2, 'its bias')];
  const [mean, variance] = [vector(3, 'its mean'), vector(4, 'its variance')];
  const map = realise(node.builder, node.value(0));
  if (map.flat !== undefined && map.layer.shape[0] !== mean.length) {
    // Per number of a flattened map: a scale and a bias, which `spread` puts in order.
    const epsilon = node.number('epsilon', 1e-5);
    const scale = gamma.map((x, at) => x / Math.sqrt(variance[at]! + epsilon));
    const bias = beta.map((x, at) => x - mean[at]! * scale[at]!);
    const first = spread(node.builder, map, ndArray('float', [1, scale.length], scale));
    const second = spread(node.builder, first.value, ndArray('float', [1, bias.length], bias));
    const full = (by: number | Float32Array) =>
      typeof by === 'number' ? new Float32Array(second.value.layer.shape[0]).fill(by) : by;
    const body = { op: 'affine', scale: full(first.by), bias: full(second.by) } as const;
    return sameShape(node.builder, body, second.value);
  }
  if ([gamma, beta, mean, variance].some((each) => each.length !== map.layer.shape[0])) {
    throw new ImportError(
      'IMPORT_SHAPE',
      `it has ${mean.length} channels, its input ${map.layer.shape[0]}`,
      node.builder.source,
    );
  }
  const body = { op: 'batch_norm', mean, variance, gamma, beta } as const;
  return sameShape(node.builder, { ...body, epsilon: node.number('epsilon', 1e-5) }, map);
}

/** `ceil_mode`: as many windows as begin inside; the border grows by what is missing. */
function withCeil(node: NodeReader, window: ReturnType<typeof windowOf>): typeof window {
  if (node.number('ceil_mode', 0) === 0) return window;
  const { kernel, stride, padding } = window;
  const shape = node.shape(0);
  const extra = (axis: 0 | 1) => {
    const room = shape[axis + 2]! + padding[axis]! + padding[axis + 2]! - kernel[axis];
    const steps = Math.ceil(room / stride[axis]);
    // A window that would begin in the border after the map does not count.
    const last = steps * stride[axis] >= shape[axis + 2]! + padding[axis]! ? steps - 1 : steps;
    return Math.max(0, last * stride[axis] - room);
  };
  const [top, left, bottom, right] = padding;
  return { ...window, padding: [top, left, bottom + extra(0), right + extra(1)] };
}

function maxPool(node: NodeReader): Value {
  const input = node.value(0);
  const window = windowOf(node, pairOf(node.numbers('kernel_shape'), 1));
  return spatial.maxPool(node.builder, input, withCeil(node, window));
}

function averagePool(node: NodeReader): Value {
  const input = node.value(0);
  const plain = windowOf(node, pairOf(node.numbers('kernel_shape'), 1));
  const window = withCeil(node, plain);
  const counts = node.number('count_include_pad', 0) === 1;
  if (counts && window !== plain && String(window.padding) !== String(plain.padding)) {
    if (plain.padding.some((side) => side > 0)) {
      throw node.builder.unsupported('ceil_mode with counted padding', 'use one of the two');
    }
    return spatial.averagePool(node.builder, input, window, false);
  }
  return spatial.averagePool(node.builder, input, window, counts);
}

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

function reshape(node: NodeReader): Value {
  const value = node.value(0);
  const wanted = list(node, 1, 'shape') ?? [];
  const shape = constants.resolveShape(node.shape(0), wanted, node.number('allowzero', 0) === 0);
  return toShape(node, value, shape);
}

function toShape(node: NodeReader, value: Value, shape: readonly number[]): Value {
  if (value.kind === 'constant') return constant(constants.reshaped(value.array, shape));
  return spatial.reshape(node.builder, value, shape);
}

function flatten(node: NodeReader): Value {
  const shape = node.shape(0);
  const axis = normalAxis(node.number('axis', 1), shape.length + 1);
  return toShape(node, node.value(0), [product(shape.slice(0, axis)), product(shape.slice(axis))]);
}

function squeeze(node: NodeReader): Value {
  const shape = node.shape(0);
  const axes = list(node, 1, 'axes')?.map((axis) => normalAxis(axis, shape.length));
  return toShape(
    node,
    node.value(0),
    shape.filter((side, axis) => !(axes === undefined ? side === 1 : axes.includes(axis))),
  );
}

function unsqueeze(node: NodeReader): Value {
  const axes = list(node, 1, 'axes') ?? [];
  const rank = node.shape(0).length + axes.length;
  const at = new Set(axes.map((axis) => normalAxis(axis, rank)));
  const rest = [...node.shape(0)];
  const shape = Array.from({ length: rank }, (_, axis) => (at.has(axis) ? 1 : rest.shift()!));
  return toShape(node, node.value(0), shape);
}

function slice(node: NodeReader): Value {
  const begins = list(node, 1, 'starts') ?? [];
  const ends = list(node, 2, 'ends') ?? [];
  const axes = list(node, 3, 'axes') ?? begins.map((_, axis) => axis);
  const steps = node.has(4) ? integersOf(node.constant(4, 'steps')) : begins.map(() => 1);
  const ranges = begins.map((begin, at) => ({
    begin,
    end: ends[at] ?? 0,
    axis: axes[at] ?? 0,
    step: steps[at] ?? 1,
  }));
  const value = node.value(0);
  if (value.kind === 'constant') return constant(constants.sliced(value.array, ranges));
  return spatial.slice(node.builder, value, ranges);
}

function concat(node: NodeReader): Value {
  const values = Array.from({ length: node.count }, (_, at) => node.value(at));
  const axis = node.number('axis', 1);
  if (values.every((value) => value.kind === 'constant')) {
    return constant(
      constants.concatenated(
        values.map(({ array }) => array),
        axis,
      ),
    );
  }
  return spatial.concat(node.builder, values, axis);
}

function pad(node: NodeReader): Value {
  if (node.text('mode', 'constant') !== 'constant') {
    throw node.builder.unsupported(
      `its mode is ${node.text('mode', '')}`,
      'a constant border is known',
    );
  }
  const pads = list(node, 1, 'pads') ?? [];
  const filler = node.has(2)
    ? uniformValue(node.constant(2, 'its value'))
    : node.number('value', 0);
  const value = node.value(0);
  const rank = node.shape(0).length;
  if (pads.length !== 8 || rank !== 4 || pads.some((side) => !Number.isInteger(side) || side < 0)) {
    throw node.builder.unsupported(
      `its pads are ${pads.join(', ')}`,
      'borders of pictures, none negative',
    );
  }
  const [n0, c0, top, left, n1, c1, bottom, right] = pads as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (n0 + n1 > 0) throw node.builder.unsupported('it pads the batch', 'the batch is 1');
  const bordered = spatial.pad(node.builder, value, [top, left, bottom, right], filler ?? 0);
  if (c0 + c1 === 0) return bordered;
  return spatial.padChannels(node.builder, bordered, [c0, c1], filler ?? 0);
}

function expand(node: NodeReader): Value {
  const shape = broadcastShape(node.shape(0), integersOf(node.constant(1, 'its shape')));
  const value = node.value(0);
  if (value.kind === 'constant') return constant(broadcastTo(value.array, shape));
  if (String(shape) === String(node.shape(0))) return value;
  throw node.builder.unsupported('it repeats a value of the picture', 'constants can be expanded');
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

function constantOfShape(node: NodeReader): Value {
  const shape = integersOf(node.constant(0, 'its shape'));
  const filler = node.tensor('value') ?? scalar(0);
  const data = allocate(filler.type, checkedSize(shape)).fill(filler.data[0] ?? 0);
  return constant(ndArray(filler.type, shape, data));
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

/** Of a value whose shape is known: a constant. */
function shape(node: NodeReader): Value {
  const sides = node.shape(0);
  const begin = node.number('start', 0);
  const some = sides.slice(begin, node.number('end', sides.length));
  return constant(ndArray('int', [some.length], some));
}

function gather(node: NodeReader): Value {
  const data = node.constant(0, 'what it gathers from');
  return constant(
    constants.gathered(data, node.constant(1, 'its indices'), node.number('axis', 0)),
  );
}

function split(node: NodeReader): Value {
  throw node.builder.unsupported('it splits a value', 'Slice is known');
}

function globalAveragePool(node: NodeReader): Value {
  return spatial.mean(node.builder, node.value(0), [2, 3], true);
}

/** QONNX: scale times the sign, +1 for 0. */
function bipolarQuant(node: NodeReader): Value {
  const signs = unary(node.builder, 'bipolar', node.value(0));
  return binary(node.builder, 'multiply', signs, constant(node.constant(1, 'its scale')));
}

function leakyRelu(node: NodeReader): Value {
  return spatial.prelu(node.builder, node.value(0), Float32Array.of(node.number('alpha', 0.01)));
}

function transpose(node: NodeReader): Value {
  const reversed = node.shape(0).map((_, axis, all) => all.length - 1 - axis);
  return spatial.transpose(node.builder, node.value(0), node.numbers('perm') ?? reversed);
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
  AveragePool: averagePool,
  BatchNormalization: batchNormalization,
  Cast: cast,
  Ceil: unaryOf('ceil'),
  Clip: limits,
  Concat: concat,
  Constant: constantOf,
  ConstantOfShape: constantOfShape,
  Conv: conv,
  Div: binaryOf('divide'),
  Equal: binaryOf('equal'),
  Exp: unaryOf('exp'),
  Expand: expand,
  Flatten: flatten,
  Floor: unaryOf('floor'),
  Gather: gather,
  Gemm: gemm,
  GlobalAveragePool: globalAveragePool,
  Greater: binaryOf('greater'),
  GreaterOrEqual: binaryOf('greater_equal'),
  LeakyRelu: leakyRelu,
  Less: binaryOf('less'),
  LessOrEqual: binaryOf('less_equal'),
  Log: unaryOf('log'),
  MatMul: matMul,
  Max: extreme('maximum'),
  MaxPool: maxPool,
  Min: extreme('minimum'),
  Mul: binaryOf('multiply'),
  Neg: unaryOf('neg'),
  Not: unaryOf('not'),
  Or: binaryOf('or'),
  PRelu: prelu,
  Pad: pad,
  Pow: binaryOf('power'),
  ReduceMax: reduce('max'),
  ReduceMean: reduce('mean'),
  ReduceMin: reduce('min'),
  ReduceSum: reduce('sum'),
  Relu: unaryOf('relu'),
  Reshape: reshape,
  Round: unaryOf('round'),
  Shape: shape,
  Sigmoid: unaryOf('sigmoid'),
  Sign: unaryOf('sign'),
  Slice: slice,
  Softmax: softmax,
  Split: split,
  Sqrt: unaryOf('sqrt'),
  Squeeze: squeeze,
  Sub: binaryOf('subtract'),
  Tanh: unaryOf('tanh'),
  Transpose: transpose,
  Unsqueeze: unsqueeze,
  Where: (node) => where(node.builder, node.value(0), node.value(1), node.value(2)),
  'onnx.brevitas.BipolarQuant': bipolarQuant,
  'qonnx.custom_op.general.BipolarQuant': bipolarQuant,
};
