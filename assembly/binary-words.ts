/**
 * Binary convolution on 64-bit words, by exclusive or and population count.
 *
 * With bit 1 for +1 and bit 0 for -1, a product is +1 where the bits agree, so over n real taps
 *
 *     dot = n - 2 * popcount(activation xor weight)
 *
 * A tap outside the picture counts 0 with zero padding: it is in neither n nor the count. The
 * number handed to the epilogue is x = (taps - dot) >> shift, with taps = kernel height * kernel
 * width * channels of a group; it is a non-negative integer in every encoding.
 *
 * Activations of k bits (levels.ts) are odd numbers, bit p of which counts 2^p times what a sign does. So
 * counts are taken from the highest bit down, each time twice what there was, and taps and n are
 * 2^k - 1 times as many:
 *
 *     count = 2 (2 (count of bit 2) + count of bit 1) + count of bit 0
 *
 * Activations: words `[pixel][word]` (sign.ts), or `[pixel][bit][word]`. Weights: `[output][word]` u64, a filter's elements
 * (y, x, channel), channel innermost, from bit 0 of its first word on; the bits past the end are 0.
 */

import { finishCount, parameterBytes, tileBytes } from './stream';

/** Where pixel `pixel` of `skip`'s tile is, in channel `channel` modulo `skipChannels`. */
// @ts-ignore: decorator
@inline
function skipAt<T>(skip: usize, channel: i32, skipChannels: i32, pixel: i32): usize {
  return skip + <usize>(channel % skipChannels) * tileBytes<T>() + <usize>pixel * sizeof<T>();
}

/**
 * Pointwise (1x1, stride 1, one group), blocks of 2 pixels by 2 outputs.
 * @param bits words, `[tile * 32][wordsPerPixel]`
 * @param weights `[outChannels][wordsPerPixel]` u64
 * @param parameters of the epilogue, `[outChannels]`
 * @param skip stream of `skipChannels` channels, repeated up to `outChannels`
 * @param skipTileBytes distance between its tiles; 0 to read one tile of zeros again and again
 * @param stream output, `[tile][outChannels][32]`; may be `skip`
 * @param outChannels even
 */
// @ts-ignore: decorator
@inline
export function binaryPointwiseWords<T>(
  tileBegin: i32,
  tileEnd: i32,
  bits: usize,
  weights: usize,
  parameters: usize,
  skip: usize,
  skipChannels: i32,
  skipTileBytes: usize,
  stream: usize,
  wordsPerPixel: i32,
  outChannels: i32,
  shift: i32,
): void {
  const rowBytes = <usize>wordsPerPixel * 8;
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    const skipTile = skip + <usize>tile * skipTileBytes;
    const streamTile = stream + <usize>(tile * outChannels) * tileBytes<T>();
    for (let output = 0; output < outChannels; output += 2) {
      const p0 = parameters + <usize>output * parameterBytes<T>();
      const p1 = p0 + parameterBytes<T>();
      const target = streamTile + <usize>output * tileBytes<T>();
      for (let pixel = 0; pixel < 32; pixel += 2) {
        let a = bits + <usize>(tile * 32 + pixel) * rowBytes;
        let w = weights + <usize>output * rowBytes;
        const end = a + rowBytes;
        let c00: u64 = 0;
        let c01: u64 = 0;
        let c10: u64 = 0;
        let c11: u64 = 0;
        do {
          const a0 = load<u64>(a);
          const a1 = load<u64>(a + rowBytes);
          const w0 = load<u64>(w);
          const w1 = load<u64>(w + rowBytes);
          c00 += popcnt(a0 ^ w0);
          c01 += popcnt(a0 ^ w1);
          c10 += popcnt(a1 ^ w0);
          c11 += popcnt(a1 ^ w1);
          a += 8;
          w += 8;
        } while (a < end);
        // dot = channels - 2 * count, so x = 2 * count >> shift.
        const up: u64 = 1 - shift;
        const s00 = skipAt<T>(skipTile, output, skipChannels, pixel);
        const s01 = skipAt<T>(skipTile, output + 1, skipChannels, pixel);
        const s10 = skipAt<T>(skipTile, output, skipChannels, pixel + 1);
        const s11 = skipAt<T>(skipTile, output + 1, skipChannels, pixel + 1);
        const y0 = target + <usize>pixel * sizeof<T>();
        const y1 = y0 + tileBytes<T>();
        finishCount<T>(<i32>(c00 << up), s00, p0, y0);
        finishCount<T>(<i32>(c10 << up), s10, p0, y0 + sizeof<T>());
        finishCount<T>(<i32>(c01 << up), s01, p1, y1);
        finishCount<T>(<i32>(c11 << up), s11, p1, y1 + sizeof<T>());
      }
    }
  }
}

/** `count` (1..64) bits from bit `first` of the words at `source`, right-aligned. */
function takeBits(source: usize, first: i32, count: i32): u64 {
  const address = source + (<usize>(first >> 6) << 3);
  const offset = first & 63;
  let bits = load<u64>(address) >> offset;
  if (offset + count > 64) bits |= load<u64>(address, 8) << (64 - offset);
  return count == 64 ? bits : bits & (((<u64>1) << count) - 1);
}

/** Ors the `count` (1..64) right-aligned `bits` in from bit `first` of the words at `target`. */
function putBits(target: usize, first: i32, count: i32, bits: u64): void {
  const address = target + (<usize>(first >> 6) << 3);
  const offset = first & 63;
  store<u64>(address, load<u64>(address) | (bits << offset));
  if (offset + count > 64) {
    store<u64>(address, load<u64>(address, 8) | (bits >> (64 - offset)), 8);
  }
}

/**
 * Any kernel, stride, padding and number of groups. For each output pixel and group the window's
 * bits are gathered in the order of the weights, beside a mask of the taps that count.
 * @param bits words, `[inHeight * inStride pixels][bitCount][wordsPerPixel]`
 * @param bitCount k, 1 for signs
 * @param weights `[outChannels][wordsPerFilter]` u64
 * @param window scratch, (bitCount + 1) * wordsPerFilter u64: the window's bits, then the mask
 * @param inStride, outStride pixels between rows of the rasters (width + 1)
 * @param groupChannels input channels of a group
 * @param groupOutputs output channels of a group
 * @param paddingValue what a tap outside the picture is: 0, +1 or -1
 * For the others see `binaryPointwiseWords`; pixels outside the output picture are set to 0.
 */
// @ts-ignore: decorator
@inline
export function binaryConv2dWords<T>(
  tileBegin: i32,
  tileEnd: i32,
  bits: usize,
  weights: usize,
  parameters: usize,
  skip: usize,
  skipChannels: i32,
  skipTileBytes: usize,
  stream: usize,
  window: usize,
  bitCount: i32,
  wordsPerPixel: i32,
  wordsPerFilter: i32,
  outChannels: i32,
  groupChannels: i32,
  groupOutputs: i32,
  inHeight: i32,
  inWidth: i32,
  inStride: i32,
  outHeight: i32,
  outWidth: i32,
  outStride: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideY: i32,
  strideX: i32,
  dilationY: i32,
  dilationX: i32,
  paddingTop: i32,
  paddingLeft: i32,
  paddingValue: i32,
  shift: i32,
): void {
  const filterBytes = <usize>wordsPerFilter * 8;
  const mask = window + <usize>bitCount * filterBytes;
  const largest = (1 << bitCount) - 1;
  const taps = kernelHeight * kernelWidth * groupChannels;
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    const skipTile = skip + <usize>tile * skipTileBytes;
    const streamTile = stream + <usize>(tile * outChannels) * tileBytes<T>();
    for (let pixel = 0; pixel < 32; pixel++) {
      const y = (tile * 32 + pixel) / outStride;
      const x = (tile * 32 + pixel) % outStride;
      if (y >= outHeight || x >= outWidth) {
        for (let output = 0; output < outChannels; output++) {
          store<T>(streamTile + <usize>output * tileBytes<T>() + <usize>pixel * sizeof<T>(), 0);
        }
        continue;
      }
      const groups = outChannels / groupOutputs;
      for (let group = 0; group < groups; group++) {
        memory.fill(window, 0, <usize>(bitCount + 1) * filterBytes);
        let counted = 0;
        for (let ky = 0; ky < kernelHeight; ky++) {
          for (let kx = 0; kx < kernelWidth; kx++) {
            const iy = y * strideY + ky * dilationY - paddingTop;
            const ix = x * strideX + kx * dilationX - paddingLeft;
            const inside = iy >= 0 && iy < inHeight && ix >= 0 && ix < inWidth;
            if (!inside && paddingValue == 0) continue;
            const pixelWords = bitCount * wordsPerPixel;
            const source = bits + <usize>((iy * inStride + ix) * pixelWords) * 8;
            const element = (ky * kernelWidth + kx) * groupChannels;
            for (let done = 0; done < groupChannels; done += 64) {
              const count = min(64, groupChannels - done);
              const padding: u64 = paddingValue > 0 ? (<u64>-1) >> (64 - count) : 0;
              for (let bit = 0; bit < bitCount; bit++) {
                const from = source + <usize>(bit * wordsPerPixel) * 8;
                const taken = inside
                  ? takeBits(from, group * groupChannels + done, count)
                  : padding;
                putBits(window + <usize>bit * filterBytes, element + done, count, taken);
              }
              putBits(mask, element + done, count, (<u64>-1) >> (64 - count));
            }
            counted += groupChannels;
          }
        }
        for (let j = 0; j < groupOutputs; j++) {
          const output = group * groupOutputs + j;
          const filter = weights + <usize>output * filterBytes;
          let count: u64 = 0;
          for (let plane = mask; plane > window; ) {
            plane -= filterBytes;
            count += count;
            for (let at: usize = 0; at < filterBytes; at += 8) {
              const differ = (load<u64>(plane + at) ^ load<u64>(filter + at)) & load<u64>(mask + at);
              count += popcnt(differ);
            }
          }
          const dot = largest * counted - 2 * <i32>count;
          finishCount<T>(
            (largest * taps - dot) >> shift,
            skipAt<T>(skipTile, output, skipChannels, pixel),
            parameters + <usize>output * parameterBytes<T>(),
            streamTile + <usize>output * tileBytes<T>() + <usize>pixel * sizeof<T>(),
          );
        }
      }
    }
  }
}
