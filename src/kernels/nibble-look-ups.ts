/** How channels and weights are cut for counts by table look-up: assembly/nibble-look-ups.ts. */

import { bitsAt } from './binary-weights.ts';
import { ENCODINGS, insideConstant, planeBytes, planesOrigin } from './encodings.ts';
import type { Emission } from './family.ts';

/** Counts of signs that differ are kept in 16 bits. */
export const MOST_ELEMENTS = 65_535;

/** Channels that go into tables together, all of one tap: groups of 5, a multiple of 4, then of 4. */
export interface Run {
  readonly tap: number;
  /** The first of its channels, in fours. */
  readonly quad: number;
  readonly fives: number;
  readonly fours: number;
}

/** Quads of a chunk at most: their counts fit a byte, their tables are 60. */
const CHUNK_QUADS = 60;

/**
 * Chunks of at most 240 channels, as even as can be. Look-ups come in threes: of the cuts that need no more
 * of them than the shortest, the one with the fewest groups of 5, whose tables are twice as long as those of 4.
 * @param quads of a tap
 */
export function chunksOf(taps: number, quads: number): Run[][] {
  const count = Math.ceil((taps * quads) / CHUNK_QUADS);
  return Array.from({ length: count }, (_, chunk) => {
    const begin = chunkBegin(chunk, count, taps * quads);
    const end = chunkBegin(chunk + 1, count, taps * quads);
    return cut(begin, end, quads);
  });
}

/** The first quad of a chunk: those before have one more where they cannot all have as many. */
function chunkBegin(chunk: number, count: number, quads: number): number {
  return chunk * Math.floor(quads / count) + Math.min(chunk, quads % count);
}

function cut(begin: number, end: number, quads: number): Run[] {
  const sizes: { tap: number; quad: number; size: number }[] = [];
  for (let at = begin; at < end; ) {
    const tap = Math.floor(at / quads);
    const next = Math.min(end, (tap + 1) * quads);
    sizes.push({ tap, quad: at % quads, size: next - at });
    at = next;
  }
  // Five quads are four groups of 5: one look-up less.
  const shortest = sizes.reduce((sum, { size }) => sum + size - Math.floor(size / 5), 0);
  let spare = threes(shortest) - shortest;
  return sizes.map(({ tap, quad, size }) => {
    const most = Math.floor(size / 5);
    const left = Math.min(most, spare);
    spare -= left;
    const fives = 4 * (most - left);
    return { tap, quad, fives, fours: size - (5 * fives) / 4 };
  });
}

function threes(groups: number): number {
  return Math.ceil(groups / 3) * 3;
}

/** Look-ups of an output in a chunk: its groups, rounded up to a multiple of 3. */
export function lookUps(chunk: readonly Run[]): number {
  return threes(chunk.reduce((sum, { fives, fours }) => sum + fives + fours, 0));
}

/** Bytes of an entry of the tables: a count for each of 32 pixels, half a byte each; and of a table. */
const ENTRY_BYTES = 16;
const TABLE_BYTES = 32 * ENTRY_BYTES;

/**
 * `[chunk][output][look-up]` u16 byte offsets into the tables.
 * @param words weights, a filter's bits (tap, channel), channel innermost
 * @param firstBit of the first output's filter
 * @param filterBits from one filter to the next
 * @param channels of a tap; past them weights are 0
 */
export function packLookUps(
  chunks: readonly (readonly Run[])[],
  words: Int32Array,
  firstBit: number,
  filterBits: number,
  outputs: number,
  channels: number,
): Uint16Array {
  const perOutput = chunks.reduce((sum, chunk) => sum + lookUps(chunk), 0);
  const packed = new Uint16Array(perOutput * outputs);
  let at = 0;
  for (const chunk of chunks) {
    const padded = lookUps(chunk);
    for (let output = 0; output < outputs; output++, at += padded) {
      const filter = firstBit + output * filterBits;
      let groups = 0;
      for (const { tap, quad, fives, fours } of chunk) {
        const bit = filter + tap * channels + 4 * quad;
        packRun(words, bit, fives, fours, packed, at + groups, groups * TABLE_BYTES);
        groups += fives + fours;
        const past = 4 * quad + 5 * fives + 4 * fours - channels;
        if (past > 0) clearPast(packed, at + groups - 1, (fours > 0 ? 4 : 5) - past);
      }
      // One past the last table: its entries are 0.
      packed.fill(groups * TABLE_BYTES, at + groups, at + padded);
    }
  }
  return packed;
}

/** Leaves `count` bits of a group's pattern. */
function clearPast(packed: Uint16Array, at: number, count: number): void {
  packed[at]! &= ~(TABLE_BYTES - 1) | (((1 << count) - 1) * ENTRY_BYTES);
}

/**
 * A filter's look-ups in one run. Apart, with numbers and arrays only, so that engines compile it
 * after some of the thousands of calls of a model.
 */
function packRun(
  words: Int32Array,
  firstBit: number,
  fives: number,
  fours: number,
  packed: Uint16Array,
  first: number,
  firstTable: number,
): void {
  let bit = firstBit;
  let at = first;
  let table = firstTable;
  // Four at a time: the number of groups of 5 is a multiple of 4.
  for (const end = table + fives * TABLE_BYTES; table < end; bit += 20) {
    const bits = bitsAt(words, bit, 20);
    for (let shift = 0; shift < 20; shift += 5, table += TABLE_BYTES) {
      packed[at++] = table + ((bits >> shift) & 31) * ENTRY_BYTES;
    }
  }
  for (const end = table + fours * TABLE_BYTES; table < end; bit += 4, table += TABLE_BYTES) {
    packed[at++] = table + bitsAt(words, bit, 4) * ENTRY_BYTES;
  }
}

/** Room for the fused sign's bits, and what the kernels are told of them. */
export function signRoom({ calls, channels, sign, raster }: Emission<'binary_conv2d'>) {
  const signs = sign && ENCODINGS[sign.encoding].room(calls, channels, raster);
  const toPlanes = sign?.encoding === 'planes';
  const signArguments = {
    signs: signs === undefined ? 0 : toPlanes ? planesOrigin(signs, raster) : signs,
    signsEncoding: sign === undefined ? 0 : toPlanes ? 2 : 1,
    planeBytes: planeBytes(raster),
    inside: insideConstant(calls, raster),
  };
  return { signs, signArguments };
}
