/**
 * Pools on streams. The average divides by the number of taps inside the picture, so padding counts
 * nothing; sums are in raster order of the taps, in every build. In int16 it is rounded to the nearest,
 * halves up.
 */

import { tileBytes } from './stream';

/** A tap of a window, its place being a number of the stream from `source` on. */
// @ts-ignore: decorator
@inline
function loadTap<T, Sum>(source: usize, place: usize): Sum {
  return <Sum>load<T>(source + <usize>load<i32>(place) * sizeof<T>());
}

/** sum / count to the nearest whole number, halves up. */
// @ts-ignore: decorator
@inline
function roundedMean(sum: i32, count: i32): i32 {
  const numerator = 2 * sum + count;
  const quotient = numerator / (2 * count);
  return numerator - quotient * 2 * count < 0 ? quotient - 1 : quotient;
}

/**
 * Average (or maximum) over the window of each pixel. The windows come as a table, `[pixel]
 * [2 + tapCount]` i32: the number of taps inside, the bits of its reciprocal (float32), and the
 * places of those taps in the input stream's channel 0, in numbers from the stream's start.
 */
// @ts-ignore: decorator
@inline
export function pool2d<T, Sum>(
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
    let target = stream + <usize>(tile * channels) * tileBytes<T>();
    let source = input;
    for (let channel = 0; channel < channels; channel++) {
      let window = windows + <usize>(tile * 32) * windowBytes;
      for (let pixel = 0; pixel < 32; pixel++) {
        const taps = load<i32>(window);
        let place = window + 8;
        const end = place + (<usize>taps << 2);
        let sum = loadTap<T, Sum>(source, place);
        place += 4;
        while (place < end) {
          const x = loadTap<T, Sum>(source, place);
          sum = maximum ? (x > sum ? x : sum) : sum + x;
          place += 4;
        }
        if (!maximum) {
          if (isFloat<T>()) sum *= <Sum>load<f32>(window, 4);
          else sum = <Sum>roundedMean(<i32>sum, taps);
        }
        store<T>(target, <T>sum);
        target += sizeof<T>();
        window += windowBytes;
      }
      source += tileBytes<T>();
    }
  }
}

/**
 * Mean over the picture of channels `channelBegin` to `channelEnd`; a float32 vector.
 * @param reciprocal of the number of pixels, times what a 1 in the stream stands for
 */
// @ts-ignore: decorator
@inline
export function globalAveragePool<T, Sum>(
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
    let sum: Sum = 0;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const pixel = y * (width + 1) + x;
        const at = <usize>((pixel >> 5) * channels + channel) * tileBytes<T>();
        sum += <Sum>load<T>(input + at + <usize>(pixel & 31) * sizeof<T>());
      }
    }
    store<f32>(out + <usize>channel * 4, <f32>sum * reciprocal);
  }
}
