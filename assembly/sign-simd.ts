/** Sign and pack to the encodings of the SIMD kernels, nibbles and planes; see sign.ts for both. */

import { TILE_BYTES } from './epilogue';

/** Signs of 16 pixels of one channel, 0xff for +1. */
// @ts-ignore: decorator
@inline
function signs16(source: usize, threshold: v128): v128 {
  return i8x16.narrow_i16x8_s(
    i16x8.narrow_i32x4_s(
      f32x4.gt(v128.load(source), threshold),
      f32x4.gt(v128.load(source, 16), threshold),
    ),
    i16x8.narrow_i32x4_s(
      f32x4.gt(v128.load(source, 32), threshold),
      f32x4.gt(v128.load(source, 48), threshold),
    ),
  );
}

/**
 * Stream to nibbles.
 * @param thresholds `[channels]` float32
 */
export function signNibbles(
  tileBegin: i32,
  tileEnd: i32,
  stream: usize,
  thresholds: usize,
  nibbles: usize,
  channels: i32,
): void {
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    let source = stream + <usize>(tile * channels) * TILE_BYTES;
    let target = nibbles + <usize>(tile * channels) * 16;
    for (let channel = 0; channel < channels; channel++) {
      const threshold = v128.load32_splat(thresholds + <usize>channel * 4);
      const low = signs16(source, threshold);
      const high = signs16(source + 64, threshold);
      v128.store(
        target,
        v128.or(v128.and(low, i8x16.splat(0x01)), v128.and(high, i8x16.splat(0x10))),
      );
      source += TILE_BYTES;
      target += 16;
    }
  }
}

/**
 * Stream to planes; `channels` is a multiple of 4.
 * @param thresholds `[channels]` float32
 * @param planes address of pixel 0 of the first plane
 * @param planeBytes distance between planes
 * @param inside `[pixel]` bytes, 0xff inside the picture, else 0
 */
export function signPlanes(
  tileBegin: i32,
  tileEnd: i32,
  stream: usize,
  thresholds: usize,
  planes: usize,
  channels: i32,
  planeBytes: usize,
  inside: usize,
): void {
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    let source = stream + <usize>(tile * channels) * TILE_BYTES;
    const insideLow = v128.load(inside + <usize>tile * 32);
    const insideHigh = v128.load(inside + <usize>tile * 32, 16);
    let target = planes + <usize>tile * 32;
    for (let channel = 0; channel < channels; channel += 4) {
      let low = i64x2.splat(0);
      let high = i64x2.splat(0);
      let bit = i8x16.splat(1);
      for (let j = 0; j < 4; j++) {
        const threshold = v128.load32_splat(thresholds + <usize>(channel + j) * 4);
        low = v128.or(low, v128.and(signs16(source, threshold), bit));
        high = v128.or(high, v128.and(signs16(source + 64, threshold), bit));
        bit = i8x16.add(bit, bit);
        source += TILE_BYTES;
      }
      v128.store(target, v128.and(low, insideLow));
      v128.store(target, v128.and(high, insideHigh), 16);
      target += planeBytes;
    }
  }
}
