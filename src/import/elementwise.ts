/** Arithmetic on values of a foreign model, number by number. */

import { broadcastShape, type NdArray, uniformValue } from './array.ts';
import {
  applySteps,
  type Builder,
  foreignShape,
  linkTo,
  realise,
  sameShape,
  spread,
} from './builder.ts';
import { mapArray, roundHalfEven, zipArrays } from './constant.ts';
import type { MapShape } from './layers.ts';
import { combineSteps, mapLevels } from './steps.ts';
import { type Link, type MapValue, type StepsValue, shapeOf, type Value } from './values.ts';

const round = Math.fround;

type Arithmetic = 'add' | 'subtract' | 'multiply' | 'divide' | 'minimum' | 'maximum' | 'power';
type Comparison = 'greater' | 'greater_equal' | 'less' | 'less_equal' | 'equal' | 'and' | 'or';
export type BinaryOperation = Arithmetic | Comparison;

const BINARY: Readonly<Record<BinaryOperation, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  minimum: Math.min,
  maximum: Math.max,
  power: (a, b) => a ** b,
  greater: (a, b) => Number(a > b),
  greater_equal: (a, b) => Number(a >= b),
  less: (a, b) => Number(a < b),
  less_equal: (a, b) => Number(a <= b),
  equal: (a, b) => Number(a === b),
  and: (a, b) => Number(a !== 0 && b !== 0),
  or: (a, b) => Number(a !== 0 || b !== 0),
};

const COMPARISONS = new Set<BinaryOperation>([
  'greater',
  'greater_equal',
  'less',
  'less_equal',
  'equal',
  'and',
  'or',
]);

/** Whole numbers divide to whole numbers, towards zero. */
function onConstants(operation: BinaryOperation, a: NdArray, b: NdArray): NdArray {
  if (COMPARISONS.has(operation)) return zipArrays([a, b], BINARY[operation], 'bool');
  const f = BINARY[operation];
  const whole = operation === 'divide' && a.type === 'int' && b.type === 'int';
  return zipArrays([a, b], whole ? (x, y) => Math.trunc(x / y) : f, a.type);
}

export function binary(builder: Builder, operation: BinaryOperation, a: Value, b: Value): Value {
  if (a.kind === 'constant' && b.kind === 'constant') {
    return { kind: 'constant', array: onConstants(operation, a.array, b.array) };
  }
  if (b.kind === 'constant')
    return withConstant(
      builder,
      operation,
      a as Exclude<Value, { kind: 'constant' }>,
      b.array,
      false,
    );
  if (a.kind === 'constant') return withConstant(builder, operation, b, a.array, true);
  if (a.kind === 'steps' && b.kind === 'steps' && a.base.layer === b.base.layer) {
    const f = BINARY[operation];
    return { ...a, steps: combineSteps([a.steps, b.steps], (x, y) => round(f(x, y))) };
  }
  if (operation === 'subtract') {
    const minus = linkTo(builder, b, { f: (x) => -x, body: { scale: -1, bias: 0 } });
    return ofMaps(builder, 'add', realise(builder, a), realise(builder, minus));
  }
  if (operation === 'add' || operation === 'multiply') {
    return ofMaps(builder, operation, realise(builder, a), realise(builder, b));
  }
  throw builder.unsupported(
    `it takes the ${operation.replace('_', ' ')} of two values of the picture`,
    'only sums, differences and products of two are known',
  );
}

/** `swapped`: the constant is the first operand. */
function withConstant(
  builder: Builder,
  operation: BinaryOperation,
  value: Exclude<Value, { kind: 'constant' }>,
  array: NdArray,
  swapped: boolean,
): Value {
  const x = uniformValue(array);
  const f = BINARY[operation];
  if (x !== undefined && fits(value, array)) {
    const g = swapped ? (y: number) => round(f(x, y)) : (y: number) => round(f(y, x));
    if (value.kind === 'steps') return { ...value, steps: mapLevels(value.steps, g) };
    if (COMPARISONS.has(operation) && operation !== 'equal') return applySteps(builder, value, g);
    const body = linkBody(operation, x, swapped);
    if (body !== undefined) return linkTo(builder, value, { f: g, body });
  } else if (value.kind !== 'padded' || operation === 'add') {
    const perChannel = affineBy(builder, operation, realise(builder, value), array, swapped);
    if (perChannel !== undefined) return perChannel;
  }
  throw builder.unsupported(
    `it takes the ${operation.replace('_', ' ')} of a value of the picture and a constant`,
    'no layer here does that',
  );
}

/** Whether the constant leaves the value's shape as it is. */
function fits(value: Value, array: NdArray): boolean {
  const shape = shapeOf(value);
  const both = broadcastShape(shape, array.shape);
  return both.length === shape.length && both.every((side, axis) => side === shape[axis]);
}

function linkBody(
  operation: BinaryOperation,
  x: number,
  swapped: boolean,
): Link['body'] | undefined {
  switch (operation) {
    case 'add':
      return { scale: 1, bias: x };
    case 'subtract':
      return swapped ? { scale: -1, bias: x } : { scale: 1, bias: -x };
    case 'multiply':
      return { scale: x, bias: 0 };
    case 'divide':
      return swapped ? undefined : { scale: 1 / x, bias: 0 };
    case 'minimum':
      return { op: 'clip', min: Number.NEGATIVE_INFINITY, max: x };
    case 'maximum':
      return { op: 'clip', min: x, max: Number.POSITIVE_INFINITY };
    case 'power':
      return x === 1 && !swapped ? { scale: 1, bias: 0 } : undefined;
    default:
      return undefined;
  }
}

/** A constant per channel: a scale, a bias, or a threshold. */
function affineBy(
  builder: Builder,
  operation: BinaryOperation,
  map: MapValue,
  array: NdArray,
  swapped: boolean,
): Value | undefined {
  const by = (values: NdArray, key: 'scale' | 'bias', minus = false): Value => {
    const { value, by: constant } = spread(builder, map, values);
    const channels = value.layer.shape[0];
    const each =
      typeof constant === 'number' ? new Float32Array(channels).fill(constant) : constant;
    const scale = minus ? { scale: new Float32Array(channels).fill(-1) } : {};
    return sameShape(builder, { op: 'affine', ...scale, [key]: each }, value);
  };
  switch (operation) {
    case 'add':
      return by(array, 'bias');
    case 'subtract':
      return swapped
        ? by(array, 'bias', true)
        : by(
            mapArray(array, (x) => -x),
            'bias',
          );
    case 'multiply':
      return by(array, 'scale');
    case 'divide':
      return swapped
        ? undefined
        : by(
            mapArray(array, (x) => 1 / x),
            'scale',
          );
    default: {
      if (!COMPARISONS.has(operation) || operation === 'equal') return undefined;
      const shifted = by(
        mapArray(array, (x) => -x),
        'bias',
      );
      const f = BINARY[operation];
      return applySteps(builder, shifted, swapped ? (x) => f(0, x) : (x) => f(x, 0));
    }
  }
}

/** A sum or product of two maps, a vector and a map, or a map and one number a pixel. */
function ofMaps(
  builder: Builder,
  operation: 'add' | 'multiply',
  a: MapValue,
  b: MapValue,
): MapValue {
  const [larger, smaller] =
    a.layer.shape.reduce((x, y) => x * y) >= b.layer.shape.reduce((x, y) => x * y)
      ? [a, b]
      : [b, a];
  if (larger.flat?.order !== smaller.flat?.order) {
    throw builder.unsupported(
      'its inputs are flattened in different orders',
      'add before flattening',
    );
  }
  const [c, h, w] = larger.layer.shape;
  const is = (shape: MapShape) => String(smaller.layer.shape) === String(shape);
  const known =
    operation === 'add' ? is([c, h, w]) : is([c, h, w]) || is([c, 1, 1]) || is([1, h, w]);
  if (!known) {
    throw builder.unsupported(
      `its inputs are [${larger.shape.join(', ')}] and [${smaller.shape.join(', ')}]`,
      operation === 'add'
        ? 'both must have one shape'
        : 'a map times a map, a vector or one channel',
    );
  }
  const layer = builder.layer({ op: operation }, [larger.layer, smaller.layer], [c, h, w]);
  return { ...larger, layer, shape: larger.flat ? larger.shape : joinedShape(builder, larger) };
}

/** Vectors stay vectors. */
function joinedShape(builder: Builder, { shape, layer }: MapValue): readonly number[] {
  return shape.length === 4 ? foreignShape(builder, layer.shape) : shape;
}

export type UnaryOperation =
  | 'relu'
  | 'neg'
  | 'sign'
  | 'round'
  | 'floor'
  | 'ceil'
  | 'not'
  | 'abs'
  | 'sqrt'
  | 'exp'
  | 'log'
  | 'tanh'
  | 'sigmoid'
  | 'bipolar';

const UNARY: Readonly<Record<UnaryOperation, (x: number) => number>> = {
  relu: (x) => Math.max(x, 0),
  neg: (x) => -x,
  // torch and ONNX make 0 of 0.
  sign: (x) => Math.sign(x) + 0,
  round: (x) => roundHalfEven(x) + 0,
  floor: Math.floor,
  ceil: Math.ceil,
  not: (x) => Number(x === 0),
  abs: Math.abs,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  // QONNX: +1 for 0.
  bipolar: (x) => (x >= 0 ? 1 : -1),
};

export function unary(builder: Builder, operation: UnaryOperation, value: Value): Value {
  const f = (x: number) => round(UNARY[operation](x));
  if (value.kind === 'constant') return { kind: 'constant', array: mapArray(value.array, f) };
  if (value.kind === 'steps') return { ...value, steps: mapLevels(value.steps, f) };
  switch (operation) {
    case 'relu':
      return linkTo(builder, value, {
        f,
        body: { op: 'clip', min: 0, max: Number.POSITIVE_INFINITY },
      });
    case 'neg':
      return linkTo(builder, value, { f, body: { scale: -1, bias: 0 } });
    case 'sign':
    case 'round':
    case 'floor':
    case 'ceil':
    case 'bipolar':
      return applySteps(builder, value, f);
    case 'abs':
    case 'sigmoid':
      return sameShape(builder, { op: operation }, realise(builder, value));
    case 'tanh': {
      const doubled = linked(builder, value, 2, 0);
      const gate = sameShape(builder, { op: 'sigmoid' }, realise(builder, doubled));
      return linked(builder, gate, 2, -1);
    }
    default:
      throw builder.unsupported(
        'it is applied to a value of the picture',
        'no layer here does that',
      );
  }
}

function linked(builder: Builder, value: Value, scale: number, bias: number): Value {
  return linkTo(builder, value, { f: (x) => round(x * scale + bias), body: { scale, bias } });
}

/** min(max(scale x + bias, 0), 1). */
export function hardSigmoid(builder: Builder, value: Value, scale: number, bias: number): Value {
  if (value.kind === 'constant') {
    const array = mapArray(value.array, (x) => round(x * scale + bias));
    return clip(builder, { kind: 'constant', array }, 0, 1);
  }
  return clip(builder, linked(builder, value, scale, bias), 0, 1);
}

/** x times the hard sigmoid of x / 6 + 1 / 2. */
export function hardSwish(builder: Builder, value: Value): Value {
  return binary(builder, 'multiply', value, hardSigmoid(builder, value, 1 / 6, 1 / 2));
}

export function clip(builder: Builder, value: Value, min: number, max: number): Value {
  const f = (x: number) => Math.min(Math.max(x, round(min)), round(max));
  if (value.kind === 'constant') return { kind: 'constant', array: mapArray(value.array, f) };
  return linkTo(builder, value, { f, body: { op: 'clip', min: round(min), max: round(max) } });
}

/** `yes` where the condition holds, else `no`. */
export function where(builder: Builder, condition: Value, yes: Value, no: Value): Value {
  if (condition.kind === 'constant') {
    if (yes.kind === 'constant' && no.kind === 'constant') {
      const arrays = [condition.array, yes.array, no.array];
      return { kind: 'constant', array: zipArrays(arrays, (c, a, b) => (c === 0 ? b! : a!)) };
    }
    const always = uniformValue(condition.array);
    if (always !== undefined) return always === 0 ? no : yes;
  }
  if (condition.kind === 'steps') {
    const branch = (value: Value): StepsValue['steps'] | undefined => {
      if (value.kind === 'steps' && value.base.layer === condition.base.layer) return value.steps;
      const x = value.kind === 'constant' ? uniformValue(value.array) : undefined;
      return x === undefined ? undefined : { breaks: [], levels: [x] };
    };
    const [a, b] = [branch(yes), branch(no)];
    if (a !== undefined && b !== undefined) {
      const steps = combineSteps([condition.steps, a, b], (c, x, y) => (c === 0 ? y! : x!));
      return { ...condition, steps };
    }
  }
  throw builder.unsupported(
    'it chooses between values that are not signs of what it compares',
    'known is where(x >= 0, 1, -1) and the like',
  );
}
