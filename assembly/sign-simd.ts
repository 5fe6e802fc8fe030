/** Sign and pack to the encodings of the SIMD kernels, nibbles and planes; see sign.ts for both. */

import { tileBytes } from './stream';

/** One number in every lane. */
// @ts-ignore: decorator
@inline
export function loadSplat<T>(address: usize): v128 {
  if (isInteger<T>()) return v128.load16_splat(address);
  return v128.load32_splat(address);
}

/** Signs of 16 pixels of one channel, 0xff for +1. */
// @ts-ignore: decorator
@inline
export function signs16<T>(source: usize, threshold: v128): v128 {
  if (isInteger<T>()) {
    return i8x16.narrow_i16x8_s(
      i16x8.gt_s(v128.load(source), threshold),
      i16x8.gt_s(v128.load(source, 16), threshold),
    );
  }
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
 * @param thresholds `[channels]`, numbers like the stream's
 */
// @ts-ignore: decorator
@inline
export function signNibbles<T>(
  tileBegin: i32,
  tileEnd: i32,
  stream: usize,
  thresholds: usize,
  nibbles: usize,
  channels: i32,
): void {
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    let source = stream + <usize>(tile * channels) * tileBytes<T>();
    let target = nibbles + <usize>(tile * channels) * 16;
    for (let channel = 0; channel < channels; channel++) {
      const threshold = loadSplat<T>(thresholds + <usize>channel * sizeof<T>());
      const low = signs16<T>(source, threshold);
      const high = signs16<T>(source + tileBytes<T>() / 2, threshold);
      v128.store(
        target,
        v128.or(v128.and(low, i8x16.splat(0x01)), v128.and(high, i8x16.splat(0x10))),
      );
      source += tileBytes<T>();
      target += 16;
    }
  }
}

/**
 * Stream to planes; the bits of channels past the last are 0.
 * @param thresholds `[channels]`, numbers like the stream's
 * @param planes address of pixel 0 of the first plane
 * @param planeBytes distance between planes
 * @param inside `[pixel]` bytes, 0xff inside the picture, else 0
 */
// @ts-ignore: decorator
@inline
export function signPlanes<T>(
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
    let source = stream + <usize>(tile * channels) * tileBytes<T>();
    const insideLow = v128.load(inside + <usize>tile * 32);
    const insideHigh = v128.load(inside + <usize>tile * 32, 16);
    let target = planes + <usize>tile * 32;
    for (let channel = 0; channel < channels; channel += 4) {
      let low = i64x2.splat(0);
      let high = i64x2.splat(0);
      let bit = i8x16.splat(1);
      const count = min(4, channels - channel);
      for (let j = 0; j < count; j++) {
        const threshold = loadSplat<T>(thresholds + <usize>(channel + j) * sizeof<T>());
        low = v128.or(low, v128.and(signs16<T>(source, threshold), bit));
        high = v128.or(high, v128.and(signs16<T>(source + tileBytes<T>() / 2, threshold), bit));
        bit = i8x16.add(bit, bit);
        source += tileBytes<T>();
      }
      v128.store(target, v128.and(low, insideLow));
      v128.store(target, v128.and(high, insideHigh), 16);
      target += planeBytes;
    }
  }
}
