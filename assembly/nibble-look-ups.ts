/**
 * Counts of signs that differ by table look-up ("four Russians"), 32 pixels at a time: what the
 * pointwise convolution and that of any window (binary-pointwise-nibbles.ts,
 * binary-conv2d-nibbles.ts) have in common.
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
 * A tap outside the picture that counts nothing has to add half of its channels to the count, whatever
 * the weights: where `inside` is 0 every d_j is 0, and the activations are 1 in every other channel.
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

import { TABLE_BASE } from './memory-map';
import { finishTile, parameterBytes, tileBytes } from './stream';

// Constants are loaded, not splat: V8 keeps what it loads in a register and makes splats anew.
const LOW_NIBBLES: usize = memory.data<u64>([0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f], 16);
const HIGH_NIBBLES: usize = memory.data<u64>([0xf0f0f0f0f0f0f0f0, 0xf0f0f0f0f0f0f0f0], 16);
export const ONES: usize = memory.data<u64>([0x1111111111111111, 0x1111111111111111], 16);

/** What a bit of the pattern changes, d_j, where the pixel is inside; elsewhere 0. */
// @ts-ignore: decorator
@inline
function change(bits: v128, inside: v128): v128 {
  const counted = v128.and(bits, inside);
  return i8x16.sub(inside, i8x16.add(counted, counted));
}

/** Table of 5 channels: entries 0..31, visited in Gray-code order so that each is one step from the last. */
// @ts-ignore: decorator
@inline
function buildTable5(nibbles: usize, table: usize, inside: v128): void {
  const b0 = v128.load(nibbles);
  const b1 = v128.load(nibbles, 16);
  const b2 = v128.load(nibbles, 32);
  const b3 = v128.load(nibbles, 48);
  const b4 = v128.load(nibbles, 64);
  const d0 = change(b0, inside);
  const d1 = change(b1, inside);
  const d2 = change(b2, inside);
  const d3 = change(b3, inside);
  const d4 = change(b4, inside);
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
function buildTable4(nibbles: usize, table: usize, inside: v128): void {
  const b0 = v128.load(nibbles);
  const b1 = v128.load(nibbles, 16);
  const b2 = v128.load(nibbles, 32);
  const b3 = v128.load(nibbles, 48);
  const d0 = change(b0, inside);
  const d1 = change(b1, inside);
  const d2 = change(b2, inside);
  const d3 = change(b3, inside);
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

/**
 * Tables of channels that lie one after the other, `fives` groups of 5, then `fours` of 4.
 * @param nibbles activations, `[channel][16]`
 * @param table address of the first, less TABLE_BASE
 * @param inside 1 in the nibbles of pixels that are counted, 0 in those outside the picture
 */
export function buildTables(
  nibbles: usize,
  table: usize,
  fives: i32,
  fours: i32,
  inside: v128,
): void {
  for (let group = 0; group < fives; group++) {
    buildTable5(nibbles, table, inside);
    nibbles += 80;
    table += 512;
  }
  for (let group = 0; group < fours; group++) {
    buildTable4(nibbles, table, inside);
    nibbles += 64;
    table += 512;
  }
}

/** The entry that counts nothing, behind the last table. */
// @ts-ignore: decorator
@inline
export function endTables(table: usize): void {
  v128.store(table, i64x2.splat(0), TABLE_BASE);
}

/** Where the entry of a weight is, from TABLE_BASE on. */
// @ts-ignore: decorator
@inline
function entry(weight: usize, tableBase: usize): usize {
  const offset = <usize>load<u16>(weight);
  return ASC_FEATURE_THREADS ? tableBase + offset : offset;
}

/** The sum of three look-ups. */
// @ts-ignore: decorator
@inline
function lookUpThree(weight: usize, tableBase: usize): v128 {
  return i8x16.add(
    i8x16.add(
      v128.load(entry(weight, tableBase), TABLE_BASE),
      v128.load(entry(weight + 2, tableBase), TABLE_BASE),
    ),
    v128.load(entry(weight + 4, tableBase), TABLE_BASE),
  );
}

/** Counts of one output: `low` of pixels 0..15, `high` of pixels 16..31, bytes. */
// @ts-ignore: decorator
@inline
function lowCounts(sum: v128, high: v128, highNibbles: v128): v128 {
  return i8x16.sub(sum, v128.and(i16x8.shl(high, 4), highNibbles));
}

/**
 * Counts of a chunk that is not the last, added to the partial sums.
 * @param weight of the first output, `[output][weightBytes]`
 * @param weightBytes of an output in this chunk
 * @param partial `[output][32]` u16
 * @param isFirst whether there is nothing in them yet
 */
export function addPartialSums(
  weight: usize,
  weightBytes: usize,
  tableBase: usize,
  partial: usize,
  outputs: i32,
  isFirst: bool,
): void {
  const lowNibbles = v128.load(LOW_NIBBLES);
  const highNibbles = v128.load(HIGH_NIBBLES);
  for (let output = 0; output < outputs; output++) {
    let sum = i64x2.splat(0);
    let high = i64x2.splat(0);
    const weightEnd = weight + weightBytes;
    do {
      const g = lookUpThree(weight, tableBase);
      sum = i8x16.add(sum, g);
      high = i8x16.add(high, v128.and(i16x8.shr_u(g, 4), lowNibbles));
      weight += 6;
    } while (weight < weightEnd);
    const low = lowCounts(sum, high, highNibbles);
    let s0 = i16x8.extend_low_i8x16_u(low);
    let s1 = i16x8.extend_high_i8x16_u(low);
    let s2 = i16x8.extend_low_i8x16_u(high);
    let s3 = i16x8.extend_high_i8x16_u(high);
    if (!isFirst) {
      s0 = i16x8.add(s0, v128.load(partial));
      s1 = i16x8.add(s1, v128.load(partial, 16));
      s2 = i16x8.add(s2, v128.load(partial, 32));
      s3 = i16x8.add(s3, v128.load(partial, 48));
    }
    v128.store(partial, s0);
    v128.store(partial, s1, 16);
    v128.store(partial, s2, 32);
    v128.store(partial, s3, 48);
    partial += 64;
  }
}

/** What is written beside the stream. */
export const SIGNS_NIBBLES: i32 = 1;
export const SIGNS_PLANES: i32 = 2;

/**
 * Counts of the last chunk, then the epilogue and the signs.
 * @param partial the sums of the chunks before, `[output][32]` u16; 0 for none
 * @param parameter of the first output
 * @param skipAt its skip, between `skipBegin` and `skipEnd`, where it begins again
 * @param streamAt where its numbers go
 * @param signsAt where its signs go, in the encoding `signsEncoding`: 0 none, 1 nibbles, 2 planes
 * @param planeBytes from one plane to the next
 * @param insideTile as in signPlanes, at this tile
 * @param outputs a multiple of 4, but for the last of a map
 */
export function finishOutputs<T>(
  weight: usize,
  weightBytes: usize,
  tableBase: usize,
  partial: usize,
  parameter: usize,
  skipBegin: usize,
  skipAt: usize,
  skipEnd: usize,
  streamAt: usize,
  signsAt: usize,
  signsEncoding: i32,
  planeBytes: usize,
  insideTile: usize,
  outputs: i32,
): void {
  const lowNibbles = v128.load(LOW_NIBBLES);
  const highNibbles = v128.load(HIGH_NIBBLES);
  for (let output = 0; output < outputs; output += 4) {
    // Four bits of pixel b in the low nibble of byte b, of pixel b + 16 in the high one.
    let planes = i64x2.splat(0);
    let bit = v128.load(ONES);
    const count = min(4, outputs - output);
    for (let j = 0; j < count; j++) {
      let sum = i64x2.splat(0);
      let high = i64x2.splat(0);
      const weightEnd = weight + weightBytes;
      do {
        const g = lookUpThree(weight, tableBase);
        sum = i8x16.add(sum, g);
        high = i8x16.add(high, v128.and(i16x8.shr_u(g, 4), lowNibbles));
        weight += 6;
      } while (weight < weightEnd);
      const low = lowCounts(sum, high, highNibbles);
      let x0 = i16x8.extend_low_i8x16_u(low);
      let x1 = i16x8.extend_high_i8x16_u(low);
      let x2 = i16x8.extend_low_i8x16_u(high);
      let x3 = i16x8.extend_high_i8x16_u(high);
      if (partial != 0) {
        x0 = i16x8.add(x0, v128.load(partial));
        x1 = i16x8.add(x1, v128.load(partial, 16));
        x2 = i16x8.add(x2, v128.load(partial, 32));
        x3 = i16x8.add(x3, v128.load(partial, 48));
        partial += 64;
      }
      const signs = finishTile<T>(x0, x1, x2, x3, parameter, skipAt, streamAt);
      parameter += parameterBytes<T>();
      if (signsEncoding == SIGNS_NIBBLES) {
        v128.store(signsAt, v128.and(signs, v128.load(ONES)));
        signsAt += 16;
      } else {
        planes = v128.or(planes, v128.and(signs, bit));
        bit = i8x16.add(bit, bit);
      }
      streamAt += tileBytes<T>();
      skipAt += tileBytes<T>();
      if (skipAt == skipEnd) skipAt = skipBegin;
    }
    if (signsEncoding == SIGNS_PLANES) {
      const planeLow = v128.and(planes, lowNibbles);
      const planeHigh = v128.and(i16x8.shr_u(planes, 4), lowNibbles);
      v128.store(signsAt, v128.and(planeLow, v128.load(insideTile)));
      v128.store(signsAt, v128.and(planeHigh, v128.load(insideTile, 16)), 16);
      signsAt += planeBytes;
    }
  }
}
