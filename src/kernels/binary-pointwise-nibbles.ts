/** Binary 1x1 convolutions by table look-up: assembly/binary-pointwise-nibbles.ts. */

import type { BinaryConv2dNode } from '../ops/binary_conv2d.ts';
import { countParameters } from './binary-epilogue.ts';
import { bitsAt, weightWords, wordsPerFilter } from './binary-weights.ts';
import { ENCODINGS, insideConstant, planeBytes, planesOrigin } from './encodings.ts';
import { type Family, skipArguments, streamRoom } from './family.ts';
import { isPointwise } from './windows.ts';

/** Counts of signs that differ are kept in 16 bits. */
const MOST_CHANNELS = 65_535;

export const binaryPointwiseNibbles: Family<'binary_conv2d'> = {
  name: 'binary-pointwise-nibbles',
  accepts: ({ source }, { simd }) =>
    simd &&
    isPointwise(source) &&
    source.inChannels <= MOST_CHANNELS &&
    source.inChannels % 4 === 0 &&
    source.outChannels % 4 === 0,
  reads: 'nibbles',
  writes: 'stream',
  makesSigns: ['nibbles', 'planes'],
  emit(emission) {
    const { stage, target, calls, inputs, sign, raster } = emission;
    const { activations } = target;
    const node = stage.source;
    const chunks = pointwiseChunks(node.inChannels);
    const signs = sign && ENCODINGS[sign.encoding].room(calls, node.outChannels, raster);
    const toPlanes = sign?.encoding === 'planes';
    const granule = node.outChannels / 4;
    const stream = streamRoom(emission);
    calls.call({
      value: stage.value,
      kernel: activations.kernel('binaryPointwiseNibbles'),
      work: raster.tiles * granule,
      granule,
      arguments: {
        tableBase: calls.tables,
        nibbles: inputs[0]!.buffer,
        weights: calls.constant(packPointwiseNibbles(node)),
        parameters: countParameters(emission),
        chunks: calls.sharedConstant(`chunks ${node.inChannels}`, () =>
          Int32Array.from(chunks.flat()),
        ),
        chunkCount: chunks.length,
        partialSums: chunks.length > 1 ? calls.scratch(node.outChannels * 64) : 0,
        ...skipArguments(emission),
        stream,
        streamTileBytes: node.outChannels * activations.tileBytes,
        signs: signs === undefined ? 0 : toPlanes ? planesOrigin(signs, raster) : signs,
        signsEncoding: sign === undefined ? 0 : toPlanes ? 2 : 1,
        planeBytes: planeBytes(raster),
        inside: insideConstant(calls, raster),
        inChannels: node.inChannels,
        outChannels: node.outChannels,
      },
      writes: ['tableBase', 'partialSums', 'stream', 'signs'],
      inPlace: { output: 'stream', input: 'skip' },
      optional: { output: 'stream', tileBytes: 'streamTileBytes' },
    });
    return { value: stream, signs };
  },
};

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
