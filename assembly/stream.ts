/**
 * Streams, the values that skips carry: `[tile][channel][32]`, a tile being 32 consecutive pixels of
 * the raster, whose rows are W + 1 pixels apart (one shared padding column). Their numbers are float32
 * (epilogue.ts) or int16 (epilogue-int16.ts); kernels are written once, for a type T of number.
 */

import { epilogue, PARAMETER_BYTES } from './epilogue';
import { epilogueInt16, PARAMETER_BYTES_INT16 } from './epilogue-int16';

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
  if (isFloat<T>()) return PARAMETER_BYTES;
  return PARAMETER_BYTES_INT16;
}

/** The epilogue of one count: reads the skip, writes y. */
// @ts-ignore: decorator
@inline
export function finishCount<T>(x: i32, skip: usize, parameters: usize, target: usize): void {
  if (isFloat<T>()) store<f32>(target, epilogue(<f32>x, load<f32>(skip), parameters));
  else store<i16>(target, epilogueInt16(x, load<i16>(skip), parameters));
}
