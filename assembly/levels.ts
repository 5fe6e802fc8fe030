/**
 * Numbers of k bits: q, how many of 2^k - 1 thresholds are below x, each of its bits packed as signs are
 * (sign.ts). A binary convolution reads all of them in one pass, from the highest bit down.
 *
 * For example k = 2, thresholds 0.5, 1.5 and 2.5, x = 2: two of them are below, q = 2 = 0b10; bit 1 is 1,
 * bit 0 is 0. As odd numbers, which is what the convolution sums, 2 q - 3 = 1 = 2 * (+1) + 1 * (-1).
 *
 * Input: a stream `[tile][channel][32]` (stream.ts); thresholds `[2^k - 1][channels]`, numbers like the
 * stream's. Output, one of two encodings:
 *
 * - words: `[pixel][bit][word]` u64, the lowest bit first;
 * - planes: `[bit][ceil(channel / 4)][pixel]` bytes, each as in sign.ts, the guards between them too.
 *
 * Source: DoReFa-Net (Zhou et al., 2016), eq. 3: a product of numbers of few bits is a sum of products of
 * their bits, each times a power of two.
 */

import { tileBytes } from './stream';

/**
 * Stream to words of k bits.
 * @param bits k, 2 to 4
 * @param wordsPerPixel of one bit, ceil(channels / 64)
 */
// @ts-ignore: decorator
@inline
export function levelWords<T>(
  tileBegin: i32,
  tileEnd: i32,
  stream: usize,
  thresholds: usize,
  words: usize,
  channels: i32,
  wordsPerPixel: i32,
  bits: i32,
): void {
  const count = (1 << bits) - 1;
  const rowBytes = <usize>channels * sizeof<T>();
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    const source = stream + <usize>(tile * channels) * tileBytes<T>();
    const target = words + <usize>(tile * 32 * wordsPerPixel * bits) * 8;
    memory.fill(target, 0, <usize>(32 * wordsPerPixel * bits) * 8);
    for (let pixel = 0; pixel < 32; pixel++) {
      for (let channel = 0; channel < channels; channel++) {
        const x = load<T>(source + <usize>channel * tileBytes<T>() + <usize>pixel * sizeof<T>());
        let threshold = thresholds + <usize>channel * sizeof<T>();
        let q = 0;
        for (let level = 0; level < count; level++) {
          q += i32(x > load<T>(threshold));
          threshold += rowBytes;
        }
        for (let bit = 0; bit < bits; bit++) {
          const word = (pixel * bits + bit) * wordsPerPixel + (channel >> 6);
          const at = target + <usize>word * 8;
          store<u64>(at, load<u64>(at) | ((<u64>((q >> bit) & 1)) << (channel & 63)));
        }
      }
    }
  }
}
