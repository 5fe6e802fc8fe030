/**
 * Sign and pack: +1 where x > threshold, else -1 (paper, eq. 1), one bit a number, 1 for +1.
 *
 * Input: a stream `[tile][channel][32]` (stream.ts). Output, one of three encodings:
 *
 * - words: `[pixel][word]` u64, channel c of a pixel is bit c mod 64 of word c div 64, least
 *   significant first; bits past the last channel are 0. For the 64-bit kernels.
 * - nibbles: `[tile][channel][16]` bytes, byte b holds pixel b in bit 0 and pixel b + 16 in bit 4.
 *   For the pointwise kernel, which builds its tables from it.
 * - planes: `[ceil(channel / 4)][pixel]` bytes, bit j of a byte is channel 4q + j; pixels of the padding
 *   column and past the picture are 0, as are at least W + 2 bytes before and after each plane. For
 *   the kernels of windows, where a tap is then an unaligned load.
 */

import { tileBytes } from './stream';

/**
 * Stream to words.
 * @param thresholds `[channels]`, numbers like the stream's
 * @param wordsPerPixel ceil(channels / 64)
 */
// @ts-ignore: decorator
@inline
export function signWords<T>(
  tileBegin: i32,
  tileEnd: i32,
  stream: usize,
  thresholds: usize,
  words: usize,
  channels: i32,
  wordsPerPixel: i32,
): void {
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    const source = stream + <usize>(tile * channels) * tileBytes<T>();
    const target = words + <usize>(tile * 32 * wordsPerPixel) * 8;
    for (let pixel = 0; pixel < 32; pixel++) {
      for (let word = 0; word < wordsPerPixel; word++) {
        const first = word * 64;
        const count = min(64, channels - first);
        let bits: u64 = 0;
        for (let bit = 0; bit < count; bit++) {
          const channel = <usize>(first + bit);
          const x = load<T>(source + channel * tileBytes<T>() + <usize>pixel * sizeof<T>());
          const positive = x > load<T>(thresholds + channel * sizeof<T>());
          bits |= (<u64>positive) << bit;
        }
        store<u64>(target + <usize>(pixel * wordsPerPixel + word) * 8, bits);
      }
    }
  }
}
