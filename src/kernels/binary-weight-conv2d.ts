/** Convolutions of floats with binary or ternary weights: assembly/binary-weight-conv2d.ts. */

import type { BinaryWeightConv2dNode } from '../ops/binary_weight_conv2d.ts';
import { filterElements } from '../ops/filter-bits.ts';
import { WEIGHT_CHUNK_CUTS } from './abi.gen.ts';
import { epilogueParameters } from './activations.ts';
import { bitsAt, weightWords, wordsPerFilter } from './binary-weights.ts';
import { columnsOf, tapOffset } from './conv2d.ts';
import { type Family, skipArguments, streamRoom } from './family.ts';
import type { Raster } from './raster.ts';

export const binaryWeightConv2d: Family<'binary_weight_conv2d'> = {
  name: 'binary-weight-conv2d',
  accepts: (_, { activations }) => activations.name === 'float32',
  reads: 'planar',
  writes: 'stream',
  emit(emission) {
    const { stage, target, calls, inputs, raster } = emission;
    const { source: node, value } = stage;
    const { columns, groupBytes } = columnsOf(calls, value, node, inputs[0]!, raster);
    const offsets = tapOffsets(node, raster);
    const groupOutputs = node.outChannels / node.groups;
    const entryBytes = target.simd ? 32 : 4;
    const stream = streamRoom(emission);
    calls.call({
      value,
      kernel: 'binaryWeightConv2d',
      work: raster.tiles,
      arguments: {
        tableBase: calls.tables,
        columns,
        weights: calls.constant(packEntries(node, entryBytes)),
        offsets: calls.constant(offsets),
        tapCount: offsets.length,
        isTernary: node.nonzero === undefined ? 0 : 1,
        sums: calls.scratch(Math.ceil(groupOutputs / 4) * 4 * entryBytes),
        groups: node.groups,
        groupBytes,
        groupOutputs,
        pixelCount: raster.height * raster.row,
        parameters: calls.constant(epilogueParameters(stage.functions!, undefined)),
        ...skipArguments(emission),
        stream,
      },
      writes: ['tableBase', 'sums', 'stream'],
      inPlace: { output: 'stream', input: 'skip' },
    });
    return { value: stream };
  },
};

/** `[tap]` i32: where each is in the columns, in the order of the bits. */
function tapOffsets(node: BinaryWeightConv2dNode, out: Raster): Int32Array {
  const channels = node.inChannels / node.groups;
  const [height, width] = node.kernel;
  return Int32Array.from({ length: height * width * channels }, (_, tap) => {
    const pixel = Math.floor(tap / channels);
    return tapOffset(node, out, tap % channels, Math.floor(pixel / width), pixel % width);
  });
}

/** `[group][chunk][output / 4][cut][4]` u16: byte offsets of the entries from the chunk's first table. */
function packEntries(node: BinaryWeightConv2dNode, entryBytes: number): Uint16Array {
  const taps = filterElements(node);
  const cutTaps = node.nonzero === undefined ? 5 : 3;
  const cuts = Math.ceil(taps / cutTaps);
  const groupOutputs = node.outChannels / node.groups;
  const fours = Math.ceil(groupOutputs / 4);
  const packed = new Uint16Array(node.groups * fours * 4 * cuts);
  const signs = weightWords(node);
  const nonzero = node.nonzero && weightWords({ weight: node.nonzero });
  const filterBits = wordsPerFilter(node) * 64;
  let at = 0;
  for (let group = 0; group < node.groups; group++) {
    for (let first = 0; first < cuts; first += WEIGHT_CHUNK_CUTS) {
      for (let output = 0; output < fours * 4; output += 4) {
        const end = Math.min(first + WEIGHT_CHUNK_CUTS, cuts);
        for (let cut = first; cut < end; cut++) {
          for (let j = output; j < output + 4; j++, at++) {
            if (j >= groupOutputs) continue;
            const tap = cut * cutTaps;
            const bit = (group * groupOutputs + j) * filterBits + tap;
            const count = Math.min(cutTaps, taps - tap);
            const plus = bitsAt(signs, bit, count);
            const entry = nonzero ? ternaryEntry(plus, bitsAt(nonzero, bit, count)) : plus;
            packed[at] = ((cut - first) * 32 + entry) * entryBytes;
          }
        }
      }
    }
  }
  return packed;
}

/** Digits to base 3, the first weight's lowest: 0 for -1, 1 for 0, 2 for +1. */
function ternaryEntry(plus: number, nonzero: number): number {
  let entry = 0;
  for (let j = 2; j >= 0; j--) {
    const isNonzero = (nonzero >> j) & 1;
    entry = entry * 3 + 1 - isNonzero + 2 * ((plus >> j) & 1);
  }
  return entry;
}
