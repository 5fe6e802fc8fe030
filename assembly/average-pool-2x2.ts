/**
 * Average pool 2x2, stride 2, no padding, the one that ends MoBiNet's stride-2 blocks. An output row
 * and a channel at a time: the tiles that hold the two input rows are copied into one run, where a
 * window's rows are loads without a stride; a vector of outputs at a time is pooled into a row, and that is cut
 * into tiles.
 *
 * Sums are ((a + b) + c) + d, the order of pool2d; int16 is rounded to the nearest, halves up. With an
 * odd width or height the last column or row is left out.
 */

import { tileBytes } from './stream';

const ONES: usize = memory.data<u64>([0x0001000100010001, 0x0001000100010001], 16);

/** Copies a tile's channel. */
// @ts-ignore: decorator
@inline
function copyTile<T>(target: usize, source: usize): void {
  v128.store(target, v128.load(source));
  v128.store(target, v128.load(source, 16), 16);
  v128.store(target, v128.load(source, 32), 32);
  v128.store(target, v128.load(source, 48), 48);
  if (isFloat<T>()) {
    v128.store(target, v128.load(source, 64), 64);
    v128.store(target, v128.load(source, 80), 80);
    v128.store(target, v128.load(source, 96), 96);
    v128.store(target, v128.load(source, 112), 112);
  }
}

/** Four float32 outputs from eight numbers of two rows. */
// @ts-ignore: decorator
@inline
function average4(upper: usize, lower: usize): v128 {
  const u0 = v128.load(upper);
  const u1 = v128.load(upper, 16);
  const l0 = v128.load(lower);
  const l1 = v128.load(lower, 16);
  const left = v128.shuffle<f32>(u0, u1, 0, 2, 4, 6);
  const top = f32x4.add(left, v128.shuffle<f32>(u0, u1, 1, 3, 5, 7));
  const three = f32x4.add(top, v128.shuffle<f32>(l0, l1, 0, 2, 4, 6));
  const four = f32x4.add(three, v128.shuffle<f32>(l0, l1, 1, 3, 5, 7));
  return f32x4.mul(four, f32x4.splat(0.25));
}

/** Four outputs from eight int16 of two rows, as i32. */
// @ts-ignore: decorator
@inline
function average4Int16(upper: usize, lower: usize): v128 {
  // Pairwise sums: a product with ones is one instruction on x64, the pairwise addition two.
  const ones = v128.load(ONES);
  const top = i32x4.dot_i16x8_s(v128.load(upper), ones);
  const four = i32x4.add(top, i32x4.dot_i16x8_s(v128.load(lower), ones));
  return i32x4.shr_s(i32x4.add(four, i32x4.splat(2)), 2);
}

/** Pools two rows of the run, a vector of outputs at a time, past the end up to one less. */
// @ts-ignore: decorator
@inline
function poolRow<T>(upperRow: usize, lowerRow: usize, row: usize, width: i32): void {
  const end = row + <usize>width * sizeof<T>();
  let upper = upperRow;
  let lower = lowerRow;
  let target = row;
  do {
    v128.store(
      target,
      isFloat<T>()
        ? average4(upper, lower)
        : i16x8.narrow_i32x4_s(
            average4Int16(upper, lower),
            average4Int16(upper + 16, lower + 16),
          ),
    );
    upper += 32;
    lower += 32;
    target += 16;
  } while (target < end);
}

/** Writes `width` numbers to the pixels from `pixel` on of one channel, given in the first tile. */
// @ts-ignore: decorator
@inline
function storeRow<T>(row: usize, channel: usize, tileStep: usize, pixel: i32, width: i32): void {
  let source = row;
  let at = pixel;
  const last = pixel + width;
  while (at < last) {
    const pixels = min(32 - (at & 31), last - at);
    let target = channel + <usize>(at >> 5) * tileStep + <usize>(at & 31) * sizeof<T>();
    const end = source + <usize>pixels * sizeof<T>();
    while (source + 16 <= end) {
      v128.store(target, v128.load(source));
      source += 16;
      target += 16;
    }
    while (source < end) {
      store<T>(target, load<T>(source));
      source += sizeof<T>();
      target += sizeof<T>();
    }
    at += pixels;
  }
}

/**
 * @param run scratch: 2 * inRow + outRow + 80 numbers
 * @param inRow, outRow pixels between rows of the rasters; outputs are outRow - 1 wide
 */
// @ts-ignore: decorator
@inline
export function averagePool2x2<T>(
  rowBegin: i32,
  rowEnd: i32,
  input: usize,
  run: usize,
  stream: usize,
  channels: i32,
  inRow: i32,
  outRow: i32,
): void {
  const tileStep = <usize>channels * tileBytes<T>();
  const width = outRow - 1;
  const pooled = run + <usize>(((2 * inRow + 64) >> 5) << 5) * sizeof<T>();
  for (let y = rowBegin; y < rowEnd; y++) {
    const first = 2 * y * inRow;
    const tiles = ((first + inRow + 2 * width + 31) >> 5) - (first >> 5);
    const source = input + <usize>(first >> 5) * tileStep;
    const upper = run + <usize>(first & 31) * sizeof<T>();
    for (let channel = 0; channel < channels; channel++) {
      const offset = <usize>channel * tileBytes<T>();
      for (let tile = 0; tile < tiles; tile++) {
        copyTile<T>(run + <usize>tile * tileBytes<T>(), source + offset + <usize>tile * tileStep);
      }
      poolRow<T>(upper, upper + <usize>inRow * sizeof<T>(), pooled, width);
      storeRow<T>(pooled, stream + offset, tileStep, y * outRow, width);
    }
  }
}
