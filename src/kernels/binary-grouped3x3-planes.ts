/** Binary 3x3 convolutions in groups by swizzle: assembly/binary-grouped3x3-planes.ts. */

import type { BinaryConv2dNode } from '../ops/binary_conv2d.ts';
import { isDilated } from '../ops/shapes.ts';
import { countParameters } from './binary-epilogue.ts';
import { bitsAt, weightWords, wordsPerFilter } from './binary-weights.ts';
import { ENCODINGS, planeBytes, planesOrigin } from './encodings.ts';
import { type Family, skipArguments, streamRoom } from './family.ts';
import { borderClasses, type Raster } from './raster.ts';

export const binaryGrouped3x3Planes: Family<'binary_conv2d'> = {
  name: 'binary-grouped3x3-planes',
  accepts: ({ source: node }, { simd }) =>
    simd &&
    node.bits === 1 &&
    node.inChannels % 4 === 0 &&
    node.inChannels === node.outChannels &&
    [1, 2, 4, 8, 16].includes(node.inChannels / node.groups) &&
    node.kernel.every((size) => size === 3) &&
    node.stride.every((step) => step === 1) &&
    node.padding.every((pixels) => pixels === 1) &&
    node.paddingValue === 0 &&
    !isDilated(node),
  reads: 'planes',
  writes: 'stream',
  makesSigns: ['nibbles'],
  emit(emission) {
    const { stage, target, calls, inputs, channels, raster } = emission;
    const { activations } = target;
    const node = stage.source;
    const shape = groupedShape(node.inChannels / node.groups);
    const { tables, corrections } = packGrouped3x3Planes(node);
    const size = `${raster.height}x${raster.width}`;
    const { skip, skipTileBytes } = skipArguments(emission);
    const signs = ENCODINGS.nibbles.room(calls, channels, raster);
    const stream = streamRoom(emission);
    const granule = channels / (2 * shape.pairsPerStep);
    calls.call({
      value: stage.value,
      kernel: activations.kernel('binaryGrouped3x3Planes'),
      work: raster.tiles * granule,
      granule,
      arguments: {
        planes: planesOrigin(inputs[0]!.buffer, raster),
        planeBytes: planeBytes(raster),
        tables: calls.constant(tables),
        offsets: calls.sharedConstant(`offsets ${size} ${shape.planesPerStep}`, () =>
          groupedOffsets(shape, raster, planeBytes(raster)),
        ),
        stepCount: shape.stepCount,
        corrections: calls.constant(corrections),
        borders: calls.sharedConstant(`borders ${size}`, () => borderClasses(raster)),
        parameters: emission.calls.constant(countParameters(emission)),
        skip,
        skipChannelBytes: skipTileBytes === 0 ? 0 : activations.tileBytes,
        skipTileBytes,
        stream,
        streamTileBytes: channels * activations.tileBytes,
        signs,
        pairsPerStep: shape.pairsPerStep,
        planesPerStep: shape.planesPerStep,
        channels,
      },
      writes: ['stream', 'signs'],
      inPlace: { output: 'stream', input: 'skip' },
      optional: { output: 'stream', tileBytes: 'streamTileBytes' },
    });
    return { value: stream, signs };
  },
};

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
