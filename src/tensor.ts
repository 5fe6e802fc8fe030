/** What tensors and values are made of: element types, shapes, windows. */

/** `[channels, height, width]` of a feature map, or `[channels]` of a vector. */
export type Shape = readonly [number, number, number] | readonly [number];

/** `[channels, height, width]`. */
export type MapShape = readonly [number, number, number];

/** `[vertical, horizontal]`. */
export type Pair = readonly [number, number];

/** `[top, left, bottom, right]`, in pixels. */
export type Padding = readonly [number, number, number, number];

/** A tensor of the model file: a view of its bytes, little endian, row-major. */
export type Tensor =
  | { readonly dtype: 'F32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'I8'; readonly shape: readonly number[]; readonly data: Int8Array }
  | { readonly dtype: 'U64'; readonly shape: readonly number[]; readonly data: BigUint64Array };

/** How many elements a shape has: `sizeOf([3, 2, 2])` is 12. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** `[3, 224, 224]`, as messages and tables write a shape. */
export function showShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
