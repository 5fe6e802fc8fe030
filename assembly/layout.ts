/**
 * Between the two layouts of float values: planar `[channel][height][width]`, that of inputs and
 * vectors, and streams `[tile][channel][32]` (epilogue.ts), that of everything inside the network.
 */

import { TILE_BYTES } from './epilogue';

/** Planar to stream; the padding column and the pixels past the picture become 0. */
export function planarToStream(
  tileBegin: i32,
  tileEnd: i32,
  planar: usize,
  stream: usize,
  channels: i32,
  height: i32,
  width: i32,
): void {
  const row = width + 1;
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    for (let pixel = 0; pixel < 32; pixel++) {
      const y = (tile * 32 + pixel) / row;
      const x = (tile * 32 + pixel) % row;
      const inside = y < height && x < width;
      let target = stream + <usize>(tile * channels) * TILE_BYTES + <usize>pixel * 4;
      for (let channel = 0; channel < channels; channel++) {
        const source = planar + <usize>((channel * height + y) * width + x) * 4;
        store<f32>(target, inside ? load<f32>(source) : 0);
        target += TILE_BYTES;
      }
    }
  }
}

/** Stream to planar, channels `channelBegin` to `channelEnd` of `channels`. */
export function streamToPlanar(
  channelBegin: i32,
  channelEnd: i32,
  stream: usize,
  planar: usize,
  channels: i32,
  height: i32,
  width: i32,
): void {
  for (let channel = channelBegin; channel < channelEnd; channel++) {
    let target = planar + <usize>(channel * height * width) * 4;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const pixel = y * (width + 1) + x;
        const at = <usize>((pixel >> 5) * channels + channel) * TILE_BYTES;
        store<f32>(target, load<f32>(stream + at + <usize>(pixel & 31) * 4));
        target += 4;
      }
    }
  }
}

/** Copies all `channels` of a stream to `firstChannel` on of one with `outChannels`. */
export function concatenate(
  tileBegin: i32,
  tileEnd: i32,
  stream: usize,
  out: usize,
  channels: i32,
  firstChannel: i32,
  outChannels: i32,
): void {
  const bytes = <usize>channels * TILE_BYTES;
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    memory.copy(
      out + <usize>(tile * outChannels + firstChannel) * TILE_BYTES,
      stream + <usize>tile * bytes,
      bytes,
    );
  }
}
