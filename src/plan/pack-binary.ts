/**
 * Binary weights of a model file to the layouts of the kernels.
 */

import type { BinaryConv2dNode } from '../graph/graph.ts';
import type { Raster } from './raster.ts';

/** u64 words of a filter, and of its row in the weight tensor. */
export function wordsPerFilter(node: BinaryConv2dNode): number {
  const elements = node.kernel[0] * node.kernel[1] * (node.inChannels / node.groups);
  return Math.ceil(elements / 64);
}

/** A binary weight as 32-bit words, for `bitsAt`. */
function weightWords({ weight }: BinaryConv2dNode): Int32Array {
  return new Int32Array(weight.buffer, weight.byteOffset, weight.byteLength / 4);
}

/** Up to 31 bits from bit `at` on, the first one lowest. */
function bitsAt(words: Int32Array, at: number, count: number): number {
  const index = at >> 5;
  const shift = at & 31;
  // The last word has no next one, and its bits are not asked for.
  const next = words[Math.min(index + 1, words.length - 1)]!;
  return ((words[index]! >>> shift) | ((next << 1) << (31 - shift))) & ((1 << count) - 1);
}

/** How the channels of a pointwise kernel are cut: `[groups of 5, groups of 4]` a chunk. */
export type Chunk = readonly [fives: number, fours: number];

/**
 * Chunks of at most 240 channels (their counts fit a byte, their table 60 groups), each a multiple
 * of 4 and as even as can be. Look-ups come in threes: of the cuts that need no more of them than the
 * shortest, the one with the fewest groups of 5, whose tables are twice as long as those of 4.
 * @param channels multiple of 4
 */
export function pointwiseChunks(channels: number): Chunk[] {
  const count = Math.ceil(channels / 240);
  const chunks: Chunk[] = [];
  for (let quads = channels / 4, left = count; left > 0; left--) {
    const size = Math.ceil(quads / left);
    const mostFives = 4 * Math.floor(size / 5);
    const most = lookUps([mostFives, size - (5 * mostFives) / 4]);
    const fives = 4 * Math.max(0, size - most);
    chunks.push([fives, size - (5 * fives) / 4]);
    quads -= size;
  }
  return chunks;
}

/** Look-ups of an output in a chunk: its groups, rounded up to a multiple of 3. */
function lookUps([fives, fours]: Chunk): number {
  return Math.ceil((fives + fours) / 3) * 3;
}

/** Bytes of an entry of the look-up tables: a count for each of 16 pixels, and of a table of 32. */
const ENTRY_BYTES = 16;
const TABLE_BYTES = 32 * ENTRY_BYTES;

/**
 * `[chunk][output][look-up]` u16 byte offsets into the look-up table of
 * assembly/binary-pointwise-nibbles.ts.
 */
export function packPointwiseNibbles(node: BinaryConv2dNode): Uint16Array {
  const chunks = pointwiseChunks(node.inChannels);
  const perOutput = chunks.reduce((sum, chunk) => sum + lookUps(chunk), 0);
  const packed = new Uint16Array(perOutput * node.outChannels);
  const words = weightWords(node);
  const rowBits = wordsPerFilter(node) * 64;
  let at = 0;
  let firstChannel = 0;
  for (const chunk of chunks) {
    const [fives, fours] = chunk;
    const padded = lookUps(chunk);
    for (let output = 0; output < node.outChannels; output++) {
      packFilter(words, output * rowBits + firstChannel, fives, fours, packed, at);
      // One past the last table: its entries are 0.
      packed.fill((fives + fours) * TABLE_BYTES, at + fives + fours, at + padded);
      at += padded;
    }
    firstChannel += 5 * fives + 4 * fours;
  }
  return packed;
}

/**
 * A filter's look-ups in one chunk. Apart, with numbers and arrays only, so that engines compile it
 * after some of the thousands of calls of a model.
 */
function packFilter(
  words: Int32Array,
  firstBit: number,
  fives: number,
  fours: number,
  packed: Uint16Array,
  first: number,
): void {
  let bit = firstBit;
  let at = first;
  let table = 0;
  // Four at a time: the number of groups of 5 is a multiple of 4.
  for (const end = fives * TABLE_BYTES; table < end; bit += 20) {
    const bits = bitsAt(words, bit, 20);
    for (let shift = 0; shift < 20; shift += 5, table += TABLE_BYTES) {
      packed[at++] = table + ((bits >> shift) & 31) * ENTRY_BYTES;
    }
  }
  for (const end = table + fours * TABLE_BYTES; table < end; bit += 4, table += TABLE_BYTES) {
    packed[at++] = table + bitsAt(words, bit, 4) * ENTRY_BYTES;
  }
}

/** Shape of the work of assembly/binary-grouped3x3-planes.ts. */
export interface GroupedShape {
  /** Planes (of four channels) that a pair of outputs reads. */
  readonly planesPerStep: number;
  /** Pairs of outputs that read the same planes. */
  readonly pairsPerStep: number;
  /** Rows of taps: three a plane. */
  readonly stepCount: number;
}

export function groupedShape(groupChannels: number): GroupedShape {
  const planesPerStep = Math.max(1, groupChannels / 4);
  return { planesPerStep, pairsPerStep: planesPerStep * 2, stepCount: planesPerStep * 3 };
}

/** Distance in bytes of each step's left tap from the pixel in the group's first plane. */
export function groupedOffsets(
  shape: GroupedShape,
  raster: Raster,
  planeBytes: number,
): Int32Array {
  return Int32Array.from(
    { length: shape.stepCount },
    (_, step) => Math.floor(step / 3) * planeBytes + ((step % 3) - 1) * raster.row - 1,
  );
}

/** How many of the bits of 0 to 15 are set. */
const POPCOUNT = Uint8Array.of(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);

/** Numbers of the 16 bytes of a tap's table. */
const TAP_NUMBERS = 4;

/** `[mask][pattern][16]` bytes, four a number: for signs a, the bits of `mask` where a is not the pattern. */
const MISMATCHES = new Uint32Array(
  Uint8Array.from({ length: 16 * 16 * 16 }, (_, index) => {
    const [mask, pattern, signs] = [index >> 8, (index >> 4) & 15, index & 15];
    return POPCOUNT[(signs ^ pattern) & mask]!;
  }).buffer,
);

/**
 * Tables `[pair][step][3][16]` and corrections `[output][16]` of
 * assembly/binary-grouped3x3-planes.ts.
 */
export function packGrouped3x3Planes(node: BinaryConv2dNode): {
  tables: Uint8Array;
  corrections: Int8Array;
} {
  const channels = node.outChannels;
  const groupChannels = node.inChannels / node.groups;
  const { stepCount } = groupedShape(groupChannels);
  const words = weightWords(node);
  const rowBits = wordsPerFilter(node) * 64;
  const tables = new Uint32Array((channels / 2) * stepCount * 3 * TAP_NUMBERS);
  const corrections = new Int8Array(channels * 16);
  const ones = new Int32Array(9);
  for (let output = 0; output < channels; output++) {
    addFilterTables(words, output * rowBits, groupChannels, output, tables, ones);
    setCorrections(ones, groupChannels, corrections, output * 16);
  }
  return { tables: new Uint8Array(tables.buffer), corrections };
}

/**
 * Counts of a filter's taps, in the low halves of the bytes for even outputs, in the high ones for
 * odd.
 * @param ones is set to the bits that are 1 in each tap
 */
function addFilterTables(
  words: Int32Array,
  filter: number,
  groupChannels: number,
  output: number,
  tables: Uint32Array,
  ones: Int32Array,
): void {
  const planes = Math.max(1, groupChannels / 4);
  // Where a group has fewer than four channels, groups share a plane.
  const size = Math.min(4, groupChannels);
  const place = (Math.floor(output / groupChannels) * groupChannels) % 4;
  const mask = ((1 << size) - 1) << place;
  const shift = (output & 1) * 4 + (groupChannels === 1 ? 1 : 0);
  let at = (output >> 1) * planes * 9 * TAP_NUMBERS;
  ones.fill(0);
  for (let plane = 0; plane < planes; plane++) {
    for (let tap = 0; tap < 9; tap++) {
      const pattern = bitsAt(words, filter + tap * groupChannels + plane * 4, size);
      ones[tap]! += POPCOUNT[pattern]!;
      const from = ((mask << 4) | (pattern << place)) * TAP_NUMBERS;
      for (let j = 0; j < TAP_NUMBERS; j++) tables[at++]! |= MISMATCHES[from + j]! << shift;
    }
  }
}

/**
 * What the taps outside of the picture are to be corrected by, for each class of border
 * (`borderClasses`): half of a tap's channels less those that counted as mismatches.
 */
function setCorrections(
  ones: Int32Array,
  groupChannels: number,
  corrections: Int8Array,
  first: number,
): void {
  const weight = groupChannels === 1 ? 2 : 1;
  const taps = ones.map((count) => weight * (groupChannels / 2 - count));
  const topRow = taps[0]! + taps[1]! + taps[2]!;
  const bottomRow = taps[6]! + taps[7]! + taps[8]!;
  for (let rows = 0; rows < 4; rows++) {
    const top = rows & 1;
    const bottom = rows >> 1;
    const outside = top * topRow + bottom * bottomRow;
    const left = (1 - top) * taps[0]! + taps[3]! + (1 - bottom) * taps[6]!;
    const right = (1 - top) * taps[2]! + taps[5]! + (1 - bottom) * taps[8]!;
    corrections[first + rows] = outside;
    corrections[first + rows + 4] = outside + left;
    corrections[first + rows + 8] = outside + right;
    corrections[first + rows + 12] = outside + left + right;
  }
}
