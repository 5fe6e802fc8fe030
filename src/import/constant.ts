/** Arithmetic of constants: what of a foreign model depends on no input is computed while importing. */

import { ImportError } from '../errors.ts';
import {
  allocate,
  broadcastShape,
  broadcastTo,
  checkedSize,
  type ElementType,
  gatherStrided,
  type NdArray,
  normalAxis,
  product,
  stridesOf,
} from './array.ts';

/** Halves go to the even neighbour, as ONNX and TensorFlow have it. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** f of every element. */
export function mapArray(array: NdArray, f: (x: number) => number, type = array.type): NdArray {
  const data = allocate(type, array.data.length);
  for (let at = 0; at < data.length; at++) data[at] = f(array.data[at]!);
  return { type, shape: array.shape, data };
}

/** f of every element of several arrays, broadcast. The result has the type of the last ones. */
export function zipArrays(
  arrays: readonly NdArray[],
  f: (...xs: number[]) => number,
  type: ElementType = arrays.at(-1)!.type,
): NdArray {
  const shape = arrays.map((array) => array.shape).reduce(broadcastShape);
  const full = arrays.map((array) => broadcastTo(array, shape).data);
  const data = allocate(type, checkedSize(shape));
  if (full.length === 2) {
    const [a, b] = full as [NdArray['data'], NdArray['data']];
    for (let at = 0; at < data.length; at++) data[at] = f(a[at]!, b[at]!);
  } else {
    for (let at = 0; at < data.length; at++) data[at] = f(...full.map((each) => each[at]!));
  }
  return { type, shape, data };
}

export type Reduction = 'mean' | 'sum' | 'max' | 'min';

/** Along axes; all of them where none are named. Sums are kept in double precision. */
export function reduceArray(
  array: NdArray,
  reduction: Reduction,
  axes: readonly number[] | undefined,
  keep: boolean,
): NdArray {
  const rank = array.shape.length;
  const over = new Set((axes ?? [...array.shape.keys()]).map((axis) => normalAxis(axis, rank)));
  const strides = stridesOf(array.shape);
  const rest = [...array.shape.keys()].filter((axis) => !over.has(axis));
  const order = [...rest, ...over];
  const moved = gatherStrided(
    array,
    order.map((axis) => array.shape[axis]!),
    order.map((axis) => strides[axis]!),
  );
  const length = product([...over].map((axis) => array.shape[axis]!));
  const shape = keep
    ? array.shape.map((side, axis) => (over.has(axis) ? 1 : side))
    : rest.map((axis) => array.shape[axis]!);
  const data = allocate(array.type, product(shape));
  for (let at = 0; at < data.length; at++) {
    data[at] = reduced(moved.data.subarray(at * length, (at + 1) * length), reduction);
  }
  return { type: array.type, shape, data };
}

function reduced(values: NdArray['data'], reduction: Reduction): number {
  if (reduction === 'max' || reduction === 'min') {
    let best = values[0] ?? Number.NaN;
    for (const value of values) {
      if (reduction === 'max' ? value > best : value < best) best = value;
    }
    return best;
  }
  let sum = 0;
  for (const value of values) sum += value;
  return reduction === 'sum' ? sum : sum / values.length;
}

/** Sizes may be one -1 (what is left), and with `zeroCopies` 0 (as before). */
export function resolveShape(
  from: readonly number[],
  wanted: readonly number[],
  zeroCopies: boolean,
): number[] {
  const copied = wanted.map((side, axis) => (side === 0 && zeroCopies ? (from[axis] ?? 0) : side));
  const known = product(copied.filter((side) => side !== -1));
  const shape = copied.map((side) => (side === -1 ? product(from) / known : side));
  if (product(shape) === product(from) && shape.every((side) => Number.isInteger(side))) {
    return shape;
  }
  throw new ImportError(
    'IMPORT_SHAPE',
    `[${from.join(', ')}] cannot become [${wanted.join(', ')}]`,
    { hint: 'the number of elements must stay' },
  );
}

export function reshaped(array: NdArray, shape: readonly number[]): NdArray {
  return { ...array, shape };
}

export function concatenated(arrays: readonly NdArray[], axis: number): NdArray {
  const first = arrays[0]!;
  const at = normalAxis(axis, first.shape.length);
  const shape = first.shape.map((side, each) =>
    each === at ? arrays.reduce((sum, array) => sum + array.shape[at]!, 0) : side,
  );
  const data = allocate(first.type, checkedSize(shape));
  const outer = product(shape.slice(0, at));
  let column = 0;
  for (const array of arrays) {
    const run = product(array.shape.slice(at));
    const width = product(shape.slice(at));
    for (let row = 0; row < outer; row++) {
      data.set(
        array.data.subarray(row * run, (row + 1) * run) as Float32Array,
        row * width + column,
      );
    }
    column += run;
  }
  return { type: first.type, shape, data };
}

/** A range of one axis, with ONNX's and NumPy's rules. */
export interface Range {
  readonly axis: number;
  readonly begin: number;
  readonly end: number;
  readonly step: number;
}

/** First index, step and how many, within a side. */
export function resolveRange(
  { begin, end, step }: Omit<Range, 'axis'>,
  side: number,
): { first: number; step: number; count: number } {
  if (step === 0) throw new ImportError('IMPORT_SHAPE', 'A slice has a step of 0');
  const clamp = (x: number, least: number, most: number) => Math.min(Math.max(x, least), most);
  const from = begin < 0 ? begin + side : begin;
  const to = end < 0 ? end + side : end;
  const first = step > 0 ? clamp(from, 0, side) : clamp(from, 0, side - 1);
  // An end that is still negative after counting from the back lies before the first element.
  const last = step > 0 ? clamp(to, 0, side) : clamp(to, -1, side - 1);
  return { first, step, count: Math.max(0, Math.ceil((last - first) / step)) };
}

export function sliced(array: NdArray, ranges: readonly Range[]): NdArray {
  const strides = stridesOf(array.shape);
  const shape = [...array.shape];
  let offset = 0;
  for (const range of ranges) {
    const axis = normalAxis(range.axis, shape.length);
    const { first, step, count } = resolveRange(range, array.shape[axis]!);
    offset += first * strides[axis]!;
    strides[axis]! *= step;
    shape[axis] = count;
  }
  return gatherStrided(array, shape, strides, offset);
}

export function gathered(array: NdArray, indices: NdArray, axis: number): NdArray {
  const at = normalAxis(axis, array.shape.length);
  const side = array.shape[at]!;
  const before = array.shape.slice(0, at);
  const after = array.shape.slice(at + 1);
  const shape = [...before, ...indices.shape, ...after];
  const data = allocate(array.type, checkedSize(shape));
  const run = product(after);
  let next = 0;
  for (let outer = 0; outer < product(before); outer++) {
    for (const index of indices.data) {
      const row = normalAxis(index, side);
      const begin = (outer * side + row) * run;
      data.set(array.data.subarray(begin, begin + run) as Float32Array, next);
      next += run;
    }
  }
  return { type: array.type, shape, data };
}

/** `[..., m, k] x [k, n]`, sums in double precision. */
export function multiplied(a: NdArray, b: NdArray): NdArray {
  const [k, n] = b.shape as [number, number];
  const m = a.data.length / k;
  const data = new Float32Array(m * n);
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let sum = 0;
      for (let i = 0; i < k; i++) sum += a.data[row * k + i]! * b.data[i * n + column]!;
      data[row * n + column] = sum;
    }
  }
  return { type: 'float', shape: [...a.shape.slice(0, -1), n], data };
}
