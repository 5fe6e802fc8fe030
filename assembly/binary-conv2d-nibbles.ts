/**
 * Binary convolution of any window by table look-up (nibble-look-ups.ts), 32 pixels at a time.
 *
 * The sum goes over the channels of every tap, so they are what the look-ups' groups are cut from. A
 * run is channels of one tap, gathered into nibbles just before its tables are made; a chunk is some
 * runs, of as many channels together as a byte can count.
 *
 * Gathering. Activations are planes (sign.ts), four channels a byte. Where a pixel to the right in the
 * output is a pixel to the right in the input, a tap is an unaligned load; elsewhere each pixel's byte
 * is loaded alone, which costs as much as some ten outputs' look-ups. Both read within 16 bytes of the
 * plane whatever the tap: what is outside the picture is replaced afterwards.
 *
 * Outside the picture. `outside` has the bits of a tap there, four channels a byte in both nibbles: 1 or 0
 * for padding with +1 or -1. For zero padding every other channel is 1, and the tables add that much,
 * half of the tap's channels, whatever the weights. With an odd number of channels each tap is taken
 * twice, outside once as 0 and once as 1: counts are doubled.
 *
 * Activations of k bits (levels.ts) are k times as many planes. The chunks go over the bits from the highest
 * down, with the same weights, and what has been counted is doubled before each further bit: the
 * 16-bit sums are those of odd numbers, and nothing is written or read between the bits.
 *
 * Several bases, convolutions of the same activations whose results are added, share the tables: a chunk's
 * tables are made once and looked up with the weights of each base, which has partial sums of its own. At
 * the end each base's epilogue takes what the one before has written as its skip, still in the cache.
 */

import {
  addPartialSums,
  buildTables,
  endTables,
  finishOutputs,
  ONES,
  SIGNS_PLANES,
} from './nibble-look-ups';
import { parameterBytes, tileBytes } from './stream';

const LOW_NIBBLES: usize = memory.data<u64>([0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f], 16);

// A chunk: i32 each, and where it is.
const CHUNK_RUNS: usize = 0;
const CHUNK_WEIGHT_BYTES: usize = 4;
const CHUNK_DOUBLES: usize = 8;
const CHUNK_BYTES: usize = 12;

// A run: i32 each, and where it is.
const RUN_ROW: usize = 0;
const RUN_COLUMN: usize = 4;
const RUN_PLANE: usize = 8;
const RUN_OUTSIDE: usize = 12;
const RUN_FIVES: usize = 16;
const RUN_FOURS: usize = 20;
const RUN_BYTES: usize = 24;

/** Of a tile's pixels, each with the offset of its tap in a plane, i32, at the begin of the scratch. */
const OFFSET_BYTES: usize = 128;

/** Which of 8 pixels have the tap inside the picture, 16 bits each; stores where it is in a plane. */
// @ts-ignore: decorator
@inline
function locate8(
  positions: usize,
  tap: v128,
  size: v128,
  strides: v128,
  last: v128,
  offsets: usize,
): v128 {
  const p0 = i16x8.add(v128.load(positions), tap);
  const p1 = i16x8.add(v128.load(positions, 16), tap);
  const zero = i64x2.splat(0);
  const o0 = i32x4.dot_i16x8_s(p0, strides);
  const o1 = i32x4.dot_i16x8_s(p1, strides);
  v128.store(offsets, i32x4.max_s(i32x4.min_s(o0, last), zero));
  v128.store(offsets, i32x4.max_s(i32x4.min_s(o1, last), zero), 16);
  const all = i32x4.splat(-1);
  return i16x8.narrow_i32x4_s(
    i32x4.eq(i16x8.lt_u(p0, size), all),
    i32x4.eq(i16x8.lt_u(p1, size), all),
  );
}

/** Bytes of 16 pixels, each at its own offset. */
// @ts-ignore: decorator
@inline
function gather16(plane: usize, offsets: usize): v128 {
  let v = v128.load_zero<u32>(plane + load<u32>(offsets));
  v = v128.load_lane<u8>(plane + load<u32>(offsets, 4), v, 1);
  v = v128.load_lane<u8>(plane + load<u32>(offsets, 8), v, 2);
  v = v128.load_lane<u8>(plane + load<u32>(offsets, 12), v, 3);
  v = v128.load_lane<u8>(plane + load<u32>(offsets, 16), v, 4);
  v = v128.load_lane<u8>(plane + load<u32>(offsets, 20), v, 5);
  v = v128.load_lane<u8>(plane + load<u32>(offsets, 24), v, 6);
  v = v128.load_lane<u8>(plane + load<u32>(offsets, 28), v, 7);
  v = v128.load_lane<u8>(plane + load<u32>(offsets, 32), v, 8);
  v = v128.load_lane<u8>(plane + load<u32>(offsets, 36), v, 9);
  v = v128.load_lane<u8>(plane + load<u32>(offsets, 40), v, 10);
  v = v128.load_lane<u8>(plane + load<u32>(offsets, 44), v, 11);
  v = v128.load_lane<u8>(plane + load<u32>(offsets, 48), v, 12);
  v = v128.load_lane<u8>(plane + load<u32>(offsets, 52), v, 13);
  v = v128.load_lane<u8>(plane + load<u32>(offsets, 56), v, 14);
  return v128.load_lane<u8>(plane + load<u32>(offsets, 60), v, 15);
}

/**
 * A run's channels as nibbles, four a plane.
 * @param window scratch: offsets, then the nibbles
 * @param positions of the tile's pixels
 * @param firstPixel the tile's, in the input; read where `isShifted`
 * @returns 1 in the nibbles of pixels whose tap is inside the picture
 */
function gatherRun(
  window: usize,
  planes: usize,
  planeBytes: usize,
  quads: i32,
  outside: usize,
  positions: usize,
  row: i32,
  column: i32,
  firstPixel: i32,
  inHeight: i32,
  inWidth: i32,
  inStride: i32,
  planePixels: i32,
  isShifted: bool,
): v128 {
  const lowNibbles = v128.load(LOW_NIBBLES);
  const ones = v128.load(ONES);
  const tap = i32x4.splat((row & 0xffff) | (column << 16));
  const size = i32x4.splat(inHeight | (inWidth << 16));
  const strides = i32x4.splat(inStride | (1 << 16));
  const last = i32x4.splat(planePixels - 1);
  const m0 = locate8(positions, tap, size, strides, last, window);
  const m1 = locate8(positions + 32, tap, size, strides, last, window + 32);
  const m2 = locate8(positions + 64, tap, size, strides, last, window + 64);
  const m3 = locate8(positions + 96, tap, size, strides, last, window + 96);
  const inside = v128.bitselect(
    i8x16.narrow_i16x8_s(m0, m1),
    i8x16.narrow_i16x8_s(m2, m3),
    lowNibbles,
  );
  const shifted = firstPixel + row * inStride + column;
  const low = <usize>max(-16, min(planePixels, shifted));
  const high = <usize>max(-16, min(planePixels, shifted + 16));
  let target = window + OFFSET_BYTES;
  for (let quad = 0; quad < quads; quad++) {
    let v: v128;
    if (isShifted) {
      v = v128.or(v128.load(planes + low), i16x8.shl(v128.load(planes + high), 4));
    } else {
      v = v128.or(gather16(planes, window), i16x8.shl(gather16(planes, window + 64), 4));
    }
    v = v128.bitselect(v, v128.load8_splat(outside + <usize>quad), inside);
    v128.store(target, v128.and(v, ones));
    v128.store(target, v128.and(i16x8.shr_u(v, 1), ones), 16);
    v128.store(target, v128.and(i16x8.shr_u(v, 2), ones), 32);
    v128.store(target, v128.and(i16x8.shr_u(v, 3), ones), 48);
    target += 64;
    planes += planeBytes;
  }
  return v128.and(inside, ones);
}

/** Twice the sums of so many outputs. */
function doublePartialSums(partial: usize, outputs: i32): void {
  const end = partial + <usize>outputs * 64;
  for (; partial < end; partial += 16) {
    const sums = v128.load(partial);
    v128.store(partial, i16x8.add(sums, sums));
  }
}

/**
 * x = the number of channels of all taps that differ (twice that where taps are taken twice), then the
 * epilogue. A unit of work is 4 outputs of a tile and group, less in the last of a group.
 * @param window scratch of the calling thread, 128 bytes and 16 for each channel of a run
 * @param planes address of pixel 0 of the first plane
 * @param planePixels of a plane, the last tile whole
 * @param positions `[pixel][2]` i16: row and column in the input of the output's pixel, without padding
 * @param isShifted whether neighbours in a row of the output's raster are neighbours in the input's
 * @param outside bits of a tap outside the picture, a byte a plane
 * @param countsOutside whether taps outside count as those bits; otherwise as half of their channels
 * @param weights u16 `[group][chunk][base][output][look-up]`, the chunks of one bit
 * @param chunks `[chunkCount][3]` i32: its runs, the bytes of its look-ups of an output, and whether it is the
 *   first of a bit that is not the highest
 * @param runs `[chunk][run]`: row and column of the tap less the padding, bytes to its first plane, where its
 *   bits are in `outside`, groups of 5, groups of 4
 * @param groupPlanes planes of a group's input channels
 * @param groupOutputs multiple of 4 unless there is one group
 * @param bases how many convolutions are added
 * @param parameters `[base][output]`, the signs' thresholds in the last
 * @param partialSums scratch, `[base][output of a group][32]` u16; not read where there is one chunk
 * For the others see binaryPointwiseNibbles.
 */
// @ts-ignore: decorator
@inline
export function binaryConv2dNibbles<T>(
  begin: i32,
  end: i32,
  tableBase: usize,
  window: usize,
  planes: usize,
  inPlaneBytes: usize,
  planePixels: i32,
  positions: usize,
  isShifted: bool,
  inHeight: i32,
  inWidth: i32,
  inStride: i32,
  outside: usize,
  countsOutside: bool,
  weights: usize,
  groupWeightBytes: usize,
  chunks: usize,
  chunkCount: i32,
  runs: usize,
  parameters: usize,
  partialSums: usize,
  skip: usize,
  skipChannels: i32,
  skipTileBytes: usize,
  stream: usize,
  streamTileBytes: usize,
  signs: usize,
  signsEncoding: i32,
  planeBytes: usize,
  inside: usize,
  groups: i32,
  groupPlanes: i32,
  groupOutputs: i32,
  bases: i32,
): void {
  const ones = v128.load(ONES);
  const unitsPerGroup = (groupOutputs + 3) / 4;
  const unitsPerTile = groups * unitsPerGroup;
  let unit = begin;
  while (unit < end) {
    const tile = unit / unitsPerTile;
    const group = (unit % unitsPerTile) / unitsPerGroup;
    const unitOfGroup = unit % unitsPerGroup;
    const units = min(end - unit, unitsPerGroup - unitOfGroup);
    unit += units;
    const firstOutput = unitOfGroup * 4;
    const outputs = min(units * 4, groupOutputs - firstOutput);
    const partial = partialSums + <usize>firstOutput * 64;
    const groupPlane = planes + <usize>(group * groupPlanes) * inPlaneBytes;
    let chunkWeights = weights + <usize>group * groupWeightBytes;
    let run = runs;
    for (let index = 0; index < chunkCount; index++) {
      const chunk = chunks + <usize>index * CHUNK_BYTES;
      if (load<i32>(chunk, CHUNK_DOUBLES)) {
        for (let base = 0; base < bases; base++) {
          doublePartialSums(partial + <usize>(base * groupOutputs) * 64, outputs);
        }
        chunkWeights = weights + <usize>group * groupWeightBytes;
      }
      let table: usize = ASC_FEATURE_THREADS ? tableBase : 0;
      const runEnd = run + <usize>load<i32>(chunk, CHUNK_RUNS) * RUN_BYTES;
      for (; run < runEnd; run += RUN_BYTES) {
        const fives = load<i32>(run, RUN_FIVES);
        const fours = load<i32>(run, RUN_FOURS);
        const isInside = gatherRun(
          window,
          groupPlane + <usize>load<i32>(run, RUN_PLANE),
          inPlaneBytes,
          (fives / 4) * 5 + fours,
          outside + <usize>load<i32>(run, RUN_OUTSIDE),
          positions + <usize>tile * 128,
          load<i32>(run, RUN_ROW),
          load<i32>(run, RUN_COLUMN),
          tile * 32, inHeight, inWidth, inStride, planePixels, isShifted,
        );
        buildTables(window + OFFSET_BYTES, table, fives, fours, countsOutside ? ones : isInside);
        table += <usize>(fives + fours) * 512;
      }
      endTables(table);
      const weightBytes = <usize>load<i32>(chunk, CHUNK_WEIGHT_BYTES);
      const output = group * groupOutputs + firstOutput;
      const streamAt = stream + <usize>tile * streamTileBytes + <usize>output * tileBytes<T>();
      const skipBegin = skip + <usize>tile * skipTileBytes;
      for (let base = 0; base < bases; base++) {
        const weight = chunkWeights + <usize>firstOutput * weightBytes;
        chunkWeights += <usize>groupOutputs * weightBytes;
        const sums = partial + <usize>(base * groupOutputs) * 64;
        if (index < chunkCount - 1) {
          addPartialSums(weight, weightBytes, tableBase, sums, outputs, index == 0);
          continue;
        }
        finishOutputs<T>(
          weight, weightBytes, tableBase, chunkCount > 1 ? sums : 0,
          parameters + <usize>(base * groups * groupOutputs + output) * parameterBytes<T>(),
          skipBegin,
          base == 0 ? skipBegin + <usize>(output % skipChannels) * tileBytes<T>() : streamAt,
          base == 0 ? skipBegin + <usize>skipChannels * tileBytes<T>() : 0,
          streamAt,
          signsEncoding == SIGNS_PLANES
            ? signs + <usize>tile * 32 + <usize>(output / 4) * planeBytes
            : signs + <usize>(tile * groups * groupOutputs + output) * 16,
          base == bases - 1 ? signsEncoding : 0,
          planeBytes,
          inside + <usize>tile * 32,
          outputs,
        );
      }
    }
  }
}
