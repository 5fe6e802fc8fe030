/**
 * Average pool 2x2, stride 2, no padding, the one that ends MoBiNet's stride-2 blocks. A channel at a
 * time: its pixels are copied out of the tiles into one run, where the two rows of a window are plain
 * loads, pooled four outputs at a time, and copied back into tiles.
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

/**
 * @param run scratch: (inTiles + outTiles + 2) * 32 float32
 * @param inRow, outRow pixels between rows of the rasters
 */
export function averagePool2x2(
  channelBegin: i32,
  channelEnd: i32,
  input: usize,
  run: usize,
  stream: usize,
  channels: i32,
  inTiles: i32,
  inRow: i32,
  outTiles: i32,
  outRow: i32,
  outHeight: i32,
): void {
  const tileStep = <usize>channels * TILE_BYTES;
  const pooled = run + <usize>(inTiles + 1) * TILE_BYTES;
  const quarter = f32x4.splat(0.25);
  memory.fill(pooled, 0, <usize>(outTiles + 1) * TILE_BYTES);
  for (let channel = channelBegin; channel < channelEnd; channel++) {
    let source = input + <usize>channel * TILE_BYTES;
    const runEnd = run + <usize>inTiles * TILE_BYTES;
    for (let target = run; target < runEnd; target += TILE_BYTES) {
      copyTile(target, source);
      source += tileStep;
    }
    for (let y = 0; y < outHeight; y++) {
      let upper = run + <usize>(2 * y * inRow) * 4;
      let lower = upper + <usize>inRow * 4;
      let target = pooled + <usize>(y * outRow) * 4;
      const end = target + <usize>(outRow - 1) * 4;
      do {
        const u0 = v128.load(upper);
        const u1 = v128.load(upper, 16);
        const l0 = v128.load(lower);
        const l1 = v128.load(lower, 16);
        const top = f32x4.add(v128.shuffle<f32>(u0, u1, 0, 2, 4, 6), v128.shuffle<f32>(u0, u1, 1, 3, 5, 7));
        const three = f32x4.add(top, v128.shuffle<f32>(l0, l1, 0, 2, 4, 6));
        const four = f32x4.add(three, v128.shuffle<f32>(l0, l1, 1, 3, 5, 7));
        v128.store(target, f32x4.mul(four, quarter));
        upper += 32;
        lower += 32;
        target += 16;
      } while (target < end);
    }
    let target = stream + <usize>channel * TILE_BYTES;
    const pooledEnd = pooled + <usize>outTiles * TILE_BYTES;
    for (let at = pooled; at < pooledEnd; at += TILE_BYTES) {
      copyTile(target, at);
      target += tileStep;
    }
  }
}
