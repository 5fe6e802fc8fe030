/**
 * Pointwise binary convolution by table look-up ("four Russians"), 32 pixels at a time.
 *
 * Mathematics. The channels are cut into groups of 5 (some of 4). For a tile's activations a of a
 * group and each of the 32 possible weight patterns e, the number of channels that differ is
 *
 *     T[e][pixel] = sum over j of (a_j[pixel] xor e_j),   0..5
 *
 * With d_j = 1 - 2 a_j, changing bit j of e from 0 to 1 adds d_j: one addition an entry. An output's
 * count is then the sum of one entry a group. So the tables cost 32 additions for 5 channels,
 * shared by all outputs, and an output costs one load and one addition for 5 * 32 products.
 *
 * Lanes. A v128 is a tile: byte b holds pixel b in its low and pixel b + 16 in its high nibble. Three
 * entries sum to at most 15 a nibble: g. With c = sum of g modulo 256 and h = sum of (g >> 4), up to
 * 255 channels: h are the counts of the high pixels, c - (h << 4) modulo 256 those of the low ones.
 * More channels are taken in chunks, with 16-bit partial sums in between.
 *
 * For example a byte whose low pixel differs in 3 5 4 5 4 5 of the channels of six groups, and whose
 * high one in 2 0 4 5 5 5:
 *
 *     three entries   0x23 + 0x05 + 0x44 = 0x6c    12 low, 6 high: no nibble overflows
 *     three more      0x55 + 0x54 + 0x55 = 0xfe    14 low, 15 high
 *     c               0x6c + 0xfe = 0x16a          0x6a in a byte
 *     h               0x6 + 0xf = 0x15             21 = 2 + 0 + 4 + 5 + 5 + 5
 *     h << 4          0x150                        0x50 in a byte
 *     c - (h << 4)    0x6a - 0x50 = 0x1a           26 = 3 + 5 + 4 + 5 + 4 + 5
 *
 * Memory. Activations: nibbles `[tile][channel][16]` (sign.ts). Weights: u16 `[chunk][output][look-up]`,
 * the byte offset of the entry from the table's start, (group * 32 + pattern) * 16, padded to a
 * multiple of 3 with the zero entry after the last group. The table is at TABLE_BASE, a constant and
 * so the immediate offset of the loads; at most 64 groups, 32 KiB, so that it stays in the L1 cache.
 * In the builds for threads each thread has a table of its own, and its address is added.
 *
 * The idea is Arlazarov, Dinic, Kronrod and Faradzhev's (1970), with the tables made from the
 * activations, since weights are the longer operand.
 */

import { finishTile, parameterBytes, tileBytes } from './stream';
import { TABLE_BASE } from './memory-map';

// Constants are loaded, not splat: V8 keeps what it loads in a register and makes splats anew.
const LOW_NIBBLES: usize = memory.data<u64>([0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f], 16);
const HIGH_NIBBLES: usize = memory.data<u64>([0xf0f0f0f0f0f0f0f0, 0xf0f0f0f0f0f0f0f0], 16);
const ONES: usize = memory.data<u64>([0x1111111111111111, 0x1111111111111111], 16);

/** Table of 5 channels: entries 0..31, visited in Gray-code order so that each is one step from the last. */
// @ts-ignore: decorator
@inline
function buildTable5(nibbles: usize, table: usize, ones: v128): void {
  const b0 = v128.load(nibbles);
  const b1 = v128.load(nibbles, 16);
  const b2 = v128.load(nibbles, 32);
  const b3 = v128.load(nibbles, 48);
  const b4 = v128.load(nibbles, 64);
  const d0 = i8x16.sub(ones, i8x16.add(b0, b0));
  const d1 = i8x16.sub(ones, i8x16.add(b1, b1));
  const d2 = i8x16.sub(ones, i8x16.add(b2, b2));
  const d3 = i8x16.sub(ones, i8x16.add(b3, b3));
  const d4 = i8x16.sub(ones, i8x16.add(b4, b4));
  let s = i8x16.add(i8x16.add(i8x16.add(i8x16.add(b0, b1), b2), b3), b4);
  v128.store(table, s, TABLE_BASE + 0 * 16);
  s = i8x16.add(s, d0);
  v128.store(table, s, TABLE_BASE + 1 * 16);
  s = i8x16.add(s, d1);
  v128.store(table, s, TABLE_BASE + 3 * 16);
  s = i8x16.sub(s, d0);
  v128.store(table, s, TABLE_BASE + 2 * 16);
  s = i8x16.add(s, d2);
  v128.store(table, s, TABLE_BASE + 6 * 16);
  s = i8x16.add(s, d0);
  v128.store(table, s, TABLE_BASE + 7 * 16);
  s = i8x16.sub(s, d1);
  v128.store(table, s, TABLE_BASE + 5 * 16);
  s = i8x16.sub(s, d0);
  v128.store(table, s, TABLE_BASE + 4 * 16);
  s = i8x16.add(s, d3);
  v128.store(table, s, TABLE_BASE + 12 * 16);
  s = i8x16.add(s, d0);
  v128.store(table, s, TABLE_BASE + 13 * 16);
  s = i8x16.add(s, d1);
  v128.store(table, s, TABLE_BASE + 15 * 16);
  s = i8x16.sub(s, d0);
  v128.store(table, s, TABLE_BASE + 14 * 16);
  s = i8x16.sub(s, d2);
  v128.store(table, s, TABLE_BASE + 10 * 16);
  s = i8x16.add(s, d0);
  v128.store(table, s, TABLE_BASE + 11 * 16);
  s = i8x16.sub(s, d1);
  v128.store(table, s, TABLE_BASE + 9 * 16);
  s = i8x16.sub(s, d0);
  v128.store(table, s, TABLE_BASE + 8 * 16);
  s = i8x16.add(s, d4);
  v128.store(table, s, TABLE_BASE + 24 * 16);
  s = i8x16.add(s, d0);
  v128.store(table, s, TABLE_BASE + 25 * 16);
  s = i8x16.add(s, d1);
  v128.store(table, s, TABLE_BASE + 27 * 16);
  s = i8x16.sub(s, d0);
  v128.store(table, s, TABLE_BASE + 26 * 16);
  s = i8x16.add(s, d2);
  v128.store(table, s, TABLE_BASE + 30 * 16);
  s = i8x16.add(s, d0);
  v128.store(table, s, TABLE_BASE + 31 * 16);
  s = i8x16.sub(s, d1);
  v128.store(table, s, TABLE_BASE + 29 * 16);
  s = i8x16.sub(s, d0);
  v128.store(table, s, TABLE_BASE + 28 * 16);
  s = i8x16.sub(s, d3);
  v128.store(table, s, TABLE_BASE + 20 * 16);
  s = i8x16.add(s, d0);
  v128.store(table, s, TABLE_BASE + 21 * 16);
  s = i8x16.add(s, d1);
  v128.store(table, s, TABLE_BASE + 23 * 16);
  s = i8x16.sub(s, d0);
  v128.store(table, s, TABLE_BASE + 22 * 16);
  s = i8x16.sub(s, d2);
  v128.store(table, s, TABLE_BASE + 18 * 16);
  s = i8x16.add(s, d0);
  v128.store(table, s, TABLE_BASE + 19 * 16);
  s = i8x16.sub(s, d1);
  v128.store(table, s, TABLE_BASE + 17 * 16);
  s = i8x16.sub(s, d0);
  v128.store(table, s, TABLE_BASE + 16 * 16);
}

/** Table of 4 channels: entries 0..15, visited in Gray-code order so that each is one step from the last. */
// @ts-ignore: decorator
@inline
function buildTable4(nibbles: usize, table: usize, ones: v128): void {
  const b0 = v128.load(nibbles);
  const b1 = v128.load(nibbles, 16);
  const b2 = v128.load(nibbles, 32);
  const b3 = v128.load(nibbles, 48);
  const d0 = i8x16.sub(ones, i8x16.add(b0, b0));
  const d1 = i8x16.sub(ones, i8x16.add(b1, b1));
  const d2 = i8x16.sub(ones, i8x16.add(b2, b2));
  const d3 = i8x16.sub(ones, i8x16.add(b3, b3));
  let s = i8x16.add(i8x16.add(i8x16.add(b0, b1), b2), b3);
  v128.store(table, s, TABLE_BASE + 0 * 16);
  s = i8x16.add(s, d0);
  v128.store(table, s, TABLE_BASE + 1 * 16);
  s = i8x16.add(s, d1);
  v128.store(table, s, TABLE_BASE + 3 * 16);
  s = i8x16.sub(s, d0);
  v128.store(table, s, TABLE_BASE + 2 * 16);
  s = i8x16.add(s, d2);
  v128.store(table, s, TABLE_BASE + 6 * 16);
  s = i8x16.add(s, d0);
  v128.store(table, s, TABLE_BASE + 7 * 16);
  s = i8x16.sub(s, d1);
  v128.store(table, s, TABLE_BASE + 5 * 16);
  s = i8x16.sub(s, d0);
  v128.store(table, s, TABLE_BASE + 4 * 16);
  s = i8x16.add(s, d3);
  v128.store(table, s, TABLE_BASE + 12 * 16);
  s = i8x16.add(s, d0);
  v128.store(table, s, TABLE_BASE + 13 * 16);
  s = i8x16.add(s, d1);
  v128.store(table, s, TABLE_BASE + 15 * 16);
  s = i8x16.sub(s, d0);
  v128.store(table, s, TABLE_BASE + 14 * 16);
  s = i8x16.sub(s, d2);
  v128.store(table, s, TABLE_BASE + 10 * 16);
  s = i8x16.add(s, d0);
  v128.store(table, s, TABLE_BASE + 11 * 16);
  s = i8x16.sub(s, d1);
  v128.store(table, s, TABLE_BASE + 9 * 16);
  s = i8x16.sub(s, d0);
  v128.store(table, s, TABLE_BASE + 8 * 16);
}

/** The tables of a chunk, one after the other, and behind them an entry of zeros. */
function buildTables(nibbles: usize, tableBase: usize, fives: i32, fours: i32): void {
  const ones = v128.load(ONES);
  let activations = nibbles;
  let table: usize = ASC_FEATURE_THREADS ? tableBase : 0;
  for (let group = 0; group < fives; group++) {
    buildTable5(activations, table, ones);
    activations += 80;
    table += 512;
  }
  for (let group = 0; group < fours; group++) {
    buildTable4(activations, table, ones);
    activations += 64;
    table += 512;
  }
  v128.store(table, i64x2.splat(0), TABLE_BASE);
}

/** Where the entry of a weight is, from TABLE_BASE on. */
// @ts-ignore: decorator
@inline
function entry(weight: usize, tableBase: usize): usize {
  const offset = <usize>load<u16>(weight);
  return ASC_FEATURE_THREADS ? tableBase + offset : offset;
}

/** Counts of one output: `low` of pixels 0..15, `high` of pixels 16..31, bytes. */
// @ts-ignore: decorator
@inline
function lowCounts(sum: v128, high: v128, highNibbles: v128): v128 {
  return i8x16.sub(sum, v128.and(i16x8.shl(high, 4), highNibbles));
}

/** Adds the byte counts of one output to its 32 partial sums (u16). */
// @ts-ignore: decorator
@inline
function addPartialSums(partial: usize, low: v128, high: v128, first: bool): void {
  let s0 = i16x8.extend_low_i8x16_u(low);
  let s1 = i16x8.extend_high_i8x16_u(low);
  let s2 = i16x8.extend_low_i8x16_u(high);
  let s3 = i16x8.extend_high_i8x16_u(high);
  if (!first) {
    s0 = i16x8.add(s0, v128.load(partial));
    s1 = i16x8.add(s1, v128.load(partial, 16));
    s2 = i16x8.add(s2, v128.load(partial, 32));
    s3 = i16x8.add(s3, v128.load(partial, 48));
  }
  v128.store(partial, s0);
  v128.store(partial, s1, 16);
  v128.store(partial, s2, 32);
  v128.store(partial, s3, 48);
}

/** What the kernel writes beside the stream. */
const SIGNS_NIBBLES: i32 = 1;
const SIGNS_PLANES: i32 = 2;

/**
 * x = the number of channels that differ (so dot = channels - 2x), then the epilogue. A unit of work
 * is 4 outputs of a tile; a tile whose outputs are shared between two calls has its table made twice.
 * @param tableBase address of the calling thread's table; TABLE_BASE in the builds for one thread
 * @param chunks `[chunkCount][2]` i32: groups of 5, then groups of 4 channels
 * @param partialSums scratch of the calling thread, `[outChannels][32]` u16; unused with one chunk
 * @param skip stream of `skipChannels` channels, repeated up to `outChannels`
 * @param skipTileBytes distance between its tiles; 0 to read one tile of zeros again and again
 * @param stream output, `[tile][outChannels][32]` of its numbers; may be `skip`
 * @param streamTileBytes distance between its tiles; 0 where only the signs are wanted
 * @param signs output, in the encoding `signsEncoding`: 0 none, 1 nibbles, 2 planes
 * @param planeBytes, inside as in signPlanes
 * @param inChannels, outChannels multiples of 4
 */
// @ts-ignore: decorator
@inline
export function binaryPointwiseNibbles<T>(
  begin: i32,
  end: i32,
  tableBase: usize,
  nibbles: usize,
  weights: usize,
  parameters: usize,
  chunks: usize,
  chunkCount: i32,
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
  inChannels: i32,
  outChannels: i32,
): void {
  const lowNibbles = v128.load(LOW_NIBBLES);
  const highNibbles = v128.load(HIGH_NIBBLES);
  const unitsPerTile = outChannels / 4;
  const tileEnd = (end + unitsPerTile - 1) / unitsPerTile;
  for (let tile = begin / unitsPerTile; tile < tileEnd; tile++) {
    const outputBegin = max(begin - tile * unitsPerTile, 0) * 4;
    const outputEnd = min(end - tile * unitsPerTile, unitsPerTile) * 4;
    let activations = nibbles + <usize>(tile * inChannels) * 16;
    let chunkWeights = weights;
    for (let chunk = 0; chunk < chunkCount; chunk++) {
      const fives = load<i32>(chunks + <usize>chunk * 8);
      const fours = load<i32>(chunks + <usize>chunk * 8, 4);
      buildTables(activations, tableBase, fives, fours);
      activations += <usize>(fives * 80 + fours * 64);
      const weightBytes = <usize>((fives + fours + 2) / 3) * 6;
      let weight = chunkWeights + <usize>outputBegin * weightBytes;
      chunkWeights += <usize>outChannels * weightBytes;

      if (chunk < chunkCount - 1) {
        let partial = partialSums + <usize>outputBegin * 64;
        for (let output = outputBegin; output < outputEnd; output++) {
          let sum = i64x2.splat(0);
          let high = i64x2.splat(0);
          const weightEnd = weight + weightBytes;
          do {
            const g = i8x16.add(
              i8x16.add(
                v128.load(entry(weight, tableBase), TABLE_BASE),
                v128.load(entry(weight + 2, tableBase), TABLE_BASE),
              ),
              v128.load(entry(weight + 4, tableBase), TABLE_BASE),
            );
            sum = i8x16.add(sum, g);
            high = i8x16.add(high, v128.and(i16x8.shr_u(g, 4), lowNibbles));
            weight += 6;
          } while (weight < weightEnd);
          addPartialSums(partial, lowCounts(sum, high, highNibbles), high, chunk == 0);
          partial += 64;
        }
        continue;
      }

      let partial = partialSums + <usize>outputBegin * 64;
      let parameter = parameters + <usize>outputBegin * parameterBytes<T>();
      const skipBegin = skip + <usize>tile * skipTileBytes;
      const skipEnd = skipBegin + <usize>skipChannels * tileBytes<T>();
      let skipAt = skipBegin + <usize>(outputBegin % skipChannels) * tileBytes<T>();
      let streamAt = stream + <usize>tile * streamTileBytes + <usize>outputBegin * tileBytes<T>();
      let signsAt =
        signsEncoding == SIGNS_PLANES
          ? signs + <usize>tile * 32 + <usize>(outputBegin / 4) * planeBytes
          : signs + <usize>(tile * outChannels + outputBegin) * 16;
      for (let output = outputBegin; output < outputEnd; output += 4) {
        // Four bits of pixel b in the low nibble of byte b, of pixel b + 16 in the high one.
        let planes = i64x2.splat(0);
        let bit = v128.load(ONES);
        for (let j = 0; j < 4; j++) {
          let sum = i64x2.splat(0);
          let high = i64x2.splat(0);
          const weightEnd = weight + weightBytes;
          do {
            const g = i8x16.add(
              i8x16.add(
                v128.load(entry(weight, tableBase), TABLE_BASE),
                v128.load(entry(weight + 2, tableBase), TABLE_BASE),
              ),
              v128.load(entry(weight + 4, tableBase), TABLE_BASE),
            );
            sum = i8x16.add(sum, g);
            high = i8x16.add(high, v128.and(i16x8.shr_u(g, 4), lowNibbles));
            weight += 6;
          } while (weight < weightEnd);
          const low = lowCounts(sum, high, highNibbles);
          let x0 = i16x8.extend_low_i8x16_u(low);
          let x1 = i16x8.extend_high_i8x16_u(low);
          let x2 = i16x8.extend_low_i8x16_u(high);
          let x3 = i16x8.extend_high_i8x16_u(high);
          if (chunkCount > 1) {
            x0 = i16x8.add(x0, v128.load(partial));
            x1 = i16x8.add(x1, v128.load(partial, 16));
            x2 = i16x8.add(x2, v128.load(partial, 32));
            x3 = i16x8.add(x3, v128.load(partial, 48));
            partial += 64;
          }
          const signsOfTile = finishTile<T>(
            x0, x1, x2, x3, parameter, skipAt, streamAt,
          );
          parameter += parameterBytes<T>();
          if (signsEncoding == SIGNS_NIBBLES) {
            v128.store(signsAt, v128.and(signsOfTile, v128.load(ONES)));
            signsAt += 16;
          } else {
            planes = v128.or(planes, v128.and(signsOfTile, bit));
            bit = i8x16.add(bit, bit);
          }
          streamAt += tileBytes<T>();
          skipAt += tileBytes<T>();
          if (skipAt == skipEnd) skipAt = skipBegin;
        }
        if (signsEncoding == SIGNS_PLANES) {
          const insideTile = inside + <usize>tile * 32;
          const planeLow = v128.and(planes, lowNibbles);
          const planeHigh = v128.and(i16x8.shr_u(planes, 4), lowNibbles);
          v128.store(signsAt, v128.and(planeLow, v128.load(insideTile)));
          v128.store(signsAt, v128.and(planeHigh, v128.load(insideTile, 16)), 16);
          signsAt += planeBytes;
        }
      }
    }
  }
}
