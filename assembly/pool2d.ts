/**
 * Pools on streams. The average divides by the number of taps inside the picture, so padding counts
 * nothing; sums are in raster order of the taps, in every build.
 */

import { TILE_BYTES } from './epilogue';

/**
 * Average (or maximum) over the window of each pixel. The windows come as a table, `[pixel]
 * [2 + tapCount]` i32: the number of taps inside, the bits of its reciprocal (float32), and the
 * byte offsets of those taps in the input stream's channel 0 from the stream's start, divided by 4,
 * with the input's tile number multiplied by `inChannels * 32`.
 */
export function pool2d(
  tileBegin: i32,
  tileEnd: i32,
  input: usize,
  windows: usize,
  tapCount: i32,
  maximum: i32,
  stream: usize,
  channels: i32,
): void {
  const windowBytes = <usize>(2 + tapCount) * 4;
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    let target = stream + <usize>(tile * channels) * TILE_BYTES;
    let source = input;
    for (let channel = 0; channel < channels; channel++) {
      let window = windows + <usize>(tile * 32) * windowBytes;
      for (let pixel = 0; pixel < 32; pixel++) {
        const end = window + (<usize>load<i32>(window) << 2);
        let tap = window;
        let sum: f32 = load<f32>(source + (<usize>load<i32>(tap, 8) << 2));
        tap += 4;
        while (tap < end) {
          const x = load<f32>(source + (<usize>load<i32>(tap, 8) << 2));
          sum = maximum ? (x > sum ? x : sum) : sum + x;
          tap += 4;
        }
        store<f32>(target, maximum ? sum : sum * load<f32>(window, 4));
        target += 4;
        window += windowBytes;
      }
      source += TILE_BYTES;
    }
  }
}

/** Mean over the picture of channels `channelBegin` to `channelEnd`; a vector. */
export function globalAveragePool(
  channelBegin: i32,
  channelEnd: i32,
  input: usize,
  out: usize,
  channels: i32,
  height: i32,
  width: i32,
  reciprocal: f32,
): void {
  for (let channel = channelBegin; channel < channelEnd; channel++) {
    let sum: f32 = 0;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const pixel = y * (width + 1) + x;
        const at = <usize>((pixel >> 5) * channels + channel) * TILE_BYTES;
        sum += load<f32>(input + at + <usize>(pixel & 31) * 4);
      }
    }
    store<f32>(out + <usize>channel * 4, sum * reciprocal);
  }
}
