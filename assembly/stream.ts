/**
 * Streams, the values that skips carry: `[tile][channel][32]`, a tile being 32 consecutive pixels of
 * the raster, whose rows are W + 1 pixels apart (one shared padding column). Their numbers are float32
 * (epilogue.ts) or int16 (epilogue-int16.ts); kernels are written once, for a type T of number.
 */

import { epilogue, epilogueTile, FLOAT32_PARAMETER_BYTES } from './epilogue';
import { epilogueInt16, epilogueTileInt16, INT16_PARAMETER_BYTES } from './epilogue-int16';

/** Bytes of one channel of a tile. */
// @ts-ignore: decorator
@inline
export function tileBytes<T>(): usize {
  return 32 * sizeof<T>();
}

/** Bytes of the epilogue's parameters of a channel. */
// @ts-ignore: decorator
@inline
export function parameterBytes<T>(): usize {
  if (isFloat<T>()) return FLOAT32_PARAMETER_BYTES;
  return INT16_PARAMETER_BYTES;
}

/** The epilogue of one count: reads the skip, writes y. */
// @ts-ignore: decorator
@inline
export function finishCount<T>(x: i32, skip: usize, parameters: usize, target: usize): void {
  if (isFloat<T>()) store<f32>(target, epilogue(<f32>x, load<f32>(skip), parameters));
  else store<i16>(target, epilogueInt16(x, load<i16>(skip), parameters));
}

/**
 * The epilogue of a tile's counts of a channel: adds the skip, stores y, returns the signs, 1 for +1. Those
 * of pixel b are in the low nibble of byte b, those of pixel b + 16 in its high one, all four bits
 * alike, so that the caller masks out the encoding it wants.
 * @param counts0, counts1, counts2, counts3 u16x8, of pixels 0..7, 8..15, 16..23, 24..31
 * @param skip address of 32 numbers
 * @param stream address of 32 numbers, may be `skip`
 */
// @ts-ignore: decorator
@inline
export function finishTile<T>(
  counts0: v128,
  counts1: v128,
  counts2: v128,
  counts3: v128,
  parameters: usize,
  skip: usize,
  stream: usize,
): v128 {
  if (isFloat<T>()) {
    return epilogueTile(
      counts0, counts1, counts2, counts3, parameters, skip, stream,
    );
  }
  return epilogueTileInt16(counts0, counts1, counts2, counts3, parameters, skip, stream);
}
