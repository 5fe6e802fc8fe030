/** Constants of foreign models: n-dimensional arrays, row-major. */

import { ImportError } from '../errors.ts';

/** `int` covers all whole numbers (exact up to 2^53); `bool` is 0 or 1. */
export type ElementType = 'float' | 'int' | 'bool';

export interface NdArray {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Floats are float32, everything else doubles. */
  readonly data: Float32Array | Float64Array;
}

/** Constants, and what is computed from them, may not be larger: 2^28 numbers. */
export const MAX_ELEMENTS = 2 ** 28;

export function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}

/** @throws ImportError IMPORT_SHAPE when a shape has no such number of elements */
export function ndArray(
  type: ElementType,
  shape: readonly number[],
  data: ArrayLike<number>,
): NdArray {
  const size = checkedSize(shape);
  if (size !== data.length) {
    throw new ImportError(
      'IMPORT_SHAPE',
      `A constant [${shape.join(', ')}] has ${data.length} numbers`,
      { hint: 'the file is damaged' },
    );
  }
  if (type === 'float') {
    return { type, shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
  }
  return { type, shape, data: data instanceof Float64Array ? data : Float64Array.from(data) };
}

/** Number of elements. @throws ImportError IMPORT_SHAPE for negative or enormous shapes */
export function checkedSize(shape: readonly number[]): number {
  const size = product(shape);
  if (shape.every((side) => Number.isSafeInteger(side) && side >= 0) && size <= MAX_ELEMENTS) {
    return size;
  }
  throw new ImportError('IMPORT_SHAPE', `A tensor would be [${shape.join(', ')}]`, {
    hint: `sizes are whole numbers, at most ${MAX_ELEMENTS} elements in all`,
  });
}

export function scalar(value: number, type: ElementType = 'float'): NdArray {
  return ndArray(type, [], [value]);
}

/** An empty array of a type. */
export function allocate(type: ElementType, size: number): Float32Array | Float64Array {
  return type === 'float' ? new Float32Array(size) : new Float64Array(size);
}

/** The whole numbers of a constant: a shape, axes, paddings. */
export function integersOf(array: NdArray): number[] {
  return Array.from(array.data);
}

/** The only value of a constant that has one value throughout. */
export function uniformValue(array: NdArray): number | undefined {
  const first = array.data[0];
  return first !== undefined && array.data.every((x) => Object.is(x, first) || x === first)
    ? first
    : undefined;
}

/** How far apart neighbours along each axis are. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** An axis that may count from the end. @throws ImportError IMPORT_SHAPE */
export function normalAxis(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(normal) && normal >= 0 && normal < Math.max(rank, 1)) return normal;
  throw new ImportError('IMPORT_SHAPE', `Axis ${axis} of a tensor with ${rank} dimensions`, {
    hint: 'the file is damaged',
  });
}

/** NumPy's rule. @throws ImportError IMPORT_SHAPE */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, at) => {
    const left = a[at - rank + a.length] ?? 1;
    const right = b[at - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw new ImportError(
      'IMPORT_SHAPE',
      `Shapes [${a.join(', ')}] and [${b.join(', ')}] do not go together`,
      { hint: 'sizes must be equal or 1' },
    );
  });
}

/**
 * Reads `array` in the order given: element `i` of the result, of shape `shape`, is at
 * `offset + sum(index[axis] * strides[axis])`.
 */
export function gatherStrided(
  array: NdArray,
  shape: readonly number[],
  strides: readonly number[],
  offset = 0,
): NdArray {
  const size = checkedSize(shape);
  const data = allocate(array.type, size);
  const index = new Array<number>(shape.length).fill(0);
  let at = offset;
  for (let i = 0; i < size; i++) {
    data[i] = array.data[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return { type: array.type, shape, data };
}

/** @throws ImportError IMPORT_SHAPE */
export function broadcastTo(array: NdArray, shape: readonly number[]): NdArray {
  const full = broadcastShape(array.shape, shape);
  if (full.length !== shape.length || full.some((side, axis) => side !== shape[axis])) {
    throw new ImportError(
      'IMPORT_SHAPE',
      `[${array.shape.join(', ')}] cannot be expanded to [${shape.join(', ')}]`,
      { hint: 'sizes must be equal or 1' },
    );
  }
  const own = stridesOf(array.shape);
  const missing = shape.length - array.shape.length;
  const strides = shape.map((_, axis) =>
    axis < missing || array.shape[axis - missing] === 1 ? 0 : own[axis - missing]!,
  );
  return gatherStrided(array, shape, strides);
}

export function transposed(array: NdArray, permutation: readonly number[]): NdArray {
  const own = stridesOf(array.shape);
  const axes = permutation.map((axis) => normalAxis(axis, array.shape.length));
  return gatherStrided(
    array,
    axes.map((axis) => array.shape[axis]!),
    axes.map((axis) => own[axis]!),
  );
}
