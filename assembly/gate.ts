/** Gates: sigmoids, and products of two values, as squeeze-and-excitation and swish have them. */

import { TILE_BYTES } from './epilogue';

/**
 * A stream times another, number by number, or times a factor a channel or a pixel.
 * @param factor stream of the same raster, or one tile whose first pixel has each channel's factor
 * @param factorTileBytes from one of its tiles to the next; 0 for one tile
 * @param factorChannelBytes from one of its channels to the next; 0 for one channel
 * @param splat 1 where the first pixel's factor is that of all pixels
 * @param stream output; may be `input`
 */
export function multiply(
  tileBegin: i32,
  tileEnd: i32,
  input: usize,
  factor: usize,
  factorTileBytes: usize,
  factorChannelBytes: usize,
  splat: i32,
  stream: usize,
  channels: i32,
): void {
  const step: usize = splat ? 0 : 4;
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    let source = input + <usize>(tile * channels) * TILE_BYTES;
    let target = stream + <usize>(tile * channels) * TILE_BYTES;
    let by = factor + <usize>tile * factorTileBytes;
    for (let channel = 0; channel < channels; channel++) {
      if (ASC_FEATURE_SIMD && !splat) {
        for (let at: usize = 0; at < TILE_BYTES; at += 16) {
          v128.store(target + at, f32x4.mul(v128.load(source + at), v128.load(by + at)));
        }
      } else if (ASC_FEATURE_SIMD) {
        const y = v128.load32_splat(by);
        for (let at: usize = 0; at < TILE_BYTES; at += 16) {
          v128.store(target + at, f32x4.mul(v128.load(source + at), y));
        }
      } else {
        let y = by;
        for (let at: usize = 0; at < TILE_BYTES; at += 4) {
          store<f32>(target + at, load<f32>(source + at) * load<f32>(y));
          y += step;
        }
      }
      source += TILE_BYTES;
      target += TILE_BYTES;
      by += factorChannelBytes;
    }
  }
}

/** exp(x) for x from -700 to 0, to ten digits: 2^k times the series of what is left, |r| < 0.35. */
// @ts-ignore: decorator
@inline
function exponential(x: f64): f64 {
  const k = nearest<f64>(x * 1.4426950408889634);
  const r = x - k * 0.6931471805599453;
  let sum: f64 = 1;
  for (let n: f64 = 9; n > 0; n--) sum = 1 + (sum * r) / n;
  return sum * reinterpret<f64>((<i64>k + 1023) << 52);
}

/** 1 / (1 + exp(-x)) of float32 `begin` to `end`, in any layout; the same bits in every build. */
export function sigmoid(begin: i32, end: i32, input: usize, out: usize): void {
  for (let i = begin; i < end; i++) {
    const x = <f64>load<f32>(input + <usize>i * 4);
    const t = exponential(max<f64>(-abs<f64>(x), -700));
    store<f32>(out + <usize>i * 4, <f32>((x < 0 ? t : 1) / (1 + t)));
  }
}
