/**
 * Between the two layouts of float values: planar `[channel][height][width]`, that of inputs and
 * vectors, and streams `[tile][channel][32]` (stream.ts), that of everything inside the network.
 */

import { saturateFloat } from './epilogue-int16';
import { tileBytes } from './stream';

/** A stream's number of a float: itself, or the nearest of int16 after multiplication. */
// @ts-ignore: decorator
@inline
function toStream<T>(x: f32, unitsPerOne: f32): T {
  if (isFloat<T>()) return <T>x;
  return <T>saturateFloat(x * unitsPerOne);
}

/**
 * Planar to stream; the padding column and the pixels past the picture become 0.
 * @param unitsPerOne what an int16 stream's numbers are multiplied by; 1 for float32
 */
// @ts-ignore: decorator
@inline
export function planarToStream<T>(
  tileBegin: i32,
  tileEnd: i32,
  planar: usize,
  stream: usize,
  channels: i32,
  height: i32,
  width: i32,
  unitsPerOne: f32,
): void {
  const row = width + 1;
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    for (let pixel = 0; pixel < 32; pixel++) {
      const y = (tile * 32 + pixel) / row;
      const x = (tile * 32 + pixel) % row;
      const inside = y < height && x < width;
      let target = stream + <usize>(tile * channels) * tileBytes<T>() + <usize>pixel * sizeof<T>();
      for (let channel = 0; channel < channels; channel++) {
        const source = planar + <usize>((channel * height + y) * width + x) * 4;
        store<T>(target, toStream<T>(inside ? load<f32>(source) : 0, unitsPerOne));
        target += tileBytes<T>();
      }
    }
  }
}

/**
 * Stream to planar, channels `channelBegin` to `channelEnd` of `channels`.
 * @param unit what a 1 in the stream stands for; 1 for float32
 */
// @ts-ignore: decorator
@inline
export function streamToPlanar<T>(
  channelBegin: i32,
  channelEnd: i32,
  stream: usize,
  planar: usize,
  channels: i32,
  height: i32,
  width: i32,
  unit: f32,
): void {
  for (let channel = channelBegin; channel < channelEnd; channel++) {
    let target = planar + <usize>(channel * height * width) * 4;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const pixel = y * (width + 1) + x;
        const at = <usize>((pixel >> 5) * channels + channel) * tileBytes<T>();
        store<f32>(target, <f32>load<T>(stream + at + <usize>(pixel & 31) * sizeof<T>()) * unit);
        target += 4;
      }
    }
  }
}

/** Copies all `channels` of a stream to `firstChannel` on of one with `outChannels`. */
// @ts-ignore: decorator
@inline
export function concatenate<T>(
  tileBegin: i32,
  tileEnd: i32,
  stream: usize,
  out: usize,
  channels: i32,
  firstChannel: i32,
  outChannels: i32,
): void {
  const bytes = <usize>channels * tileBytes<T>();
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    memory.copy(
      out + <usize>(tile * outChannels + firstChannel) * tileBytes<T>(),
      stream + <usize>tile * bytes,
      bytes,
    );
  }
}
