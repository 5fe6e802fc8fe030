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

/** `bits(output, element, count)`: up to 9 bits of a filter from `element` on, 1 for +1. */
function bitReader(
  node: BinaryConv2dNode,
): (output: number, element: number, count: number) => number {
  const bytes = new Uint8Array(node.weight.buffer, node.weight.byteOffset, node.weight.byteLength);
  const rowBytes = wordsPerFilter(node) * 8;
  return (output, element, count) => {
    const at = output * rowBytes + (element >> 3);
    // Past the last byte there is none, which counts as 0.
    const pair = bytes[at]! | (bytes[at + 1]! << 8);
    return (pair >> (element & 7)) & ((1 << count) - 1);
  };
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

/**
 * `[chunk][output][look-up]` u16 byte offsets into the look-up table of
 * assembly/binary-pointwise-nibbles.ts.
 */
export function packPointwiseNibbles(node: BinaryConv2dNode): Uint16Array {
  const chunks = pointwiseChunks(node.inChannels);
  const perOutput = chunks.reduce((sum, chunk) => sum + lookUps(chunk), 0);
  const packed = new Uint16Array(perOutput * node.outChannels);
  const bits = bitReader(node);
  let at = 0;
  let firstChannel = 0;
  for (const chunk of chunks) {
    const [fives, fours] = chunk;
    const padded = lookUps(chunk);
    const zeroEntry = (fives + fours) * 512;
    for (let output = 0; output < node.outChannels; output++) {
      let channel = firstChannel;
      for (let group = 0; group < padded; group++) {
        const size = group < fives ? 5 : group < fives + fours ? 4 : 0;
        packed[at++] = size === 0 ? zeroEntry : (group * 32 + bits(output, channel, size)) * 16;
        channel += size;
      }
    }
    firstChannel += 5 * fives + 4 * fours;
  }
  return packed;
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
  const { planesPerStep, stepCount } = groupedShape(groupChannels);
  const weight = groupChannels === 1 ? 2 : 1;
  const bits = bitReader(node);

  /** Weights of an output's tap on one plane, and which of its channels are the group's. */
  const nibble = (
    output: number,
    tap: number,
    plane: number,
  ): { pattern: number; mask: number } => {
    const group = Math.floor(output / groupChannels);
    const firstPlane = Math.floor((group * groupChannels) / 4 / planesPerStep) * planesPerStep;
    const first = (firstPlane + plane) * 4 - group * groupChannels;
    const begin = Math.max(0, first);
    const count = Math.max(0, Math.min(first + 4, groupChannels) - begin);
    const place = begin - first;
    return {
      pattern: bits(output, tap * groupChannels + begin, count) << place,
      mask: ((1 << count) - 1) << place,
    };
  };

  const tables = new Uint8Array((channels / 2) * stepCount * 48);
  let at = 0;
  for (let output = 0; output < channels; output += 2) {
    for (let step = 0; step < stepCount; step++) {
      for (let kx = 0; kx < 3; kx++) {
        const tap = (step % 3) * 3 + kx;
        const even = nibble(output, tap, Math.floor(step / 3));
        const odd = nibble(output + 1, tap, Math.floor(step / 3));
        for (let a = 0; a < 16; a++) {
          const low = weight * POPCOUNT[(a ^ even.pattern) & even.mask]!;
          const high = weight * POPCOUNT[(a ^ odd.pattern) & odd.mask]!;
          tables[at++] = low | (high << 4);
        }
      }
    }
  }

  const corrections = new Int8Array(channels * 16);
  for (let output = 0; output < channels; output++) {
    for (let tap = 0; tap < 9; tap++) {
      const ky = Math.floor(tap / 3);
      const kx = tap % 3;
      const outside =
        (ky === 0 ? 1 : 0) | (ky === 2 ? 2 : 0) | (kx === 0 ? 4 : 0) | (kx === 2 ? 8 : 0);
      let ones = 0;
      for (let c = 0; c < groupChannels; c++) ones += bits(output, tap * groupChannels + c, 1);
      const correction = (weight * groupChannels) / 2 - weight * ones;
      for (let border = 0; border < 16; border++) {
        if ((border & outside) !== 0) corrections[output * 16 + border]! += correction;
      }
    }
  }
  return { tables, corrections };
}
