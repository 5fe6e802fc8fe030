/**
 * Average pool 2x2, stride 2, no padding, the one that ends MoBiNet's stride-2 blocks. An output row
 * and a channel at a time: the tiles that hold the two input rows are copied into one run, where a
 * window's rows are plain loads; four outputs at a time are pooled into a row, and that is cut into
 * tiles.
 *
 * Sums are ((a + b) + c) + d, the order of pool2d. With an odd width or height the last column or row
 * is left out.
 */

import { TILE_BYTES } from './epilogue';

/** Copies the 32 float32 of a tile's channel. */
// @ts-ignore: decorator
@inline
function copyTile(target: usize, source: usize): void {
  v128.store(target, v128.load(source));
  v128.store(target, v128.load(source, 16), 16);
  v128.store(target, v128.load(source, 32), 32);
  v128.store(target, v128.load(source, 48), 48);
  v128.store(target, v128.load(source, 64), 64);
  v128.store(target, v128.load(source, 80), 80);
  v128.store(target, v128.load(source, 96), 96);
  v128.store(target, v128.load(source, 112), 112);
}

/** Pools two rows of the run, four outputs at a time, past the end up to three more. */
// @ts-ignore: decorator
@inline
function poolRow(upperRow: usize, lowerRow: usize, row: usize, width: i32): void {
  const quarter = f32x4.splat(0.25);
  const end = row + <usize>width * 4;
  let upper = upperRow;
  let lower = lowerRow;
  let target = row;
  do {
    const u0 = v128.load(upper);
    const u1 = v128.load(upper, 16);
    const l0 = v128.load(lower);
    const l1 = v128.load(lower, 16);
    const left = v128.shuffle<f32>(u0, u1, 0, 2, 4, 6);
    const top = f32x4.add(left, v128.shuffle<f32>(u0, u1, 1, 3, 5, 7));
    const three = f32x4.add(top, v128.shuffle<f32>(l0, l1, 0, 2, 4, 6));
    const four = f32x4.add(three, v128.shuffle<f32>(l0, l1, 1, 3, 5, 7));
    v128.store(target, f32x4.mul(four, quarter));
    upper += 32;
    lower += 32;
    target += 16;
  } while (target < end);
}

/** Writes `width` float32 to the pixels from `pixel` on of one channel, given in the first tile. */
// @ts-ignore: decorator
@inline
function storeRow(row: usize, channel: usize, tileStep: usize, pixel: i32, width: i32): void {
  let source = row;
  let at = pixel;
  const last = pixel + width;
  while (at < last) {
    const pixels = min(32 - (at & 31), last - at);
    let target = channel + <usize>(at >> 5) * tileStep + <usize>(at & 31) * 4;
    const end = source + <usize>pixels * 4;
    while (source + 16 <= end) {
      v128.store(target, v128.load(source));
      source += 16;
      target += 16;
    }
    while (source < end) {
      store<f32>(target, load<f32>(source));
      source += 4;
      target += 4;
    }
    at += pixels;
  }
}

/**
 * @param run scratch: 2 * inRow + outRow + 80 float32
 * @param inRow, outRow pixels between rows of the rasters; outputs are outRow - 1 wide
 */
export function averagePool2x2(
  rowBegin: i32,
  rowEnd: i32,
  input: usize,
  run: usize,
  stream: usize,
  channels: i32,
  inRow: i32,
  outRow: i32,
): void {
  const tileStep = <usize>channels * TILE_BYTES;
  const width = outRow - 1;
  const pooled = run + <usize>(((2 * inRow + 64) >> 5) << 5) * 4;
  for (let y = rowBegin; y < rowEnd; y++) {
    const first = 2 * y * inRow;
    const tiles = ((first + inRow + 2 * width + 31) >> 5) - (first >> 5);
    const source = input + <usize>(first >> 5) * tileStep;
    const upper = run + <usize>(first & 31) * 4;
    for (let channel = 0; channel < channels; channel++) {
      const offset = <usize>channel * TILE_BYTES;
      for (let tile = 0; tile < tiles; tile++) {
        copyTile(run + <usize>tile * TILE_BYTES, source + offset + <usize>tile * tileStep);
      }
      poolRow(upper, upper + <usize>inRow * 4, pooled, width);
      storeRow(pooled, stream + offset, tileStep, y * outRow, width);
    }
  }
}
