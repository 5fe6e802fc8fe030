/** Binary convolutions of any window by table look-up: assembly/binary-conv2d-nibbles.ts. */

import type { Graph } from '../graph/graph.ts';
import { joined } from '../joined.ts';
import { type BinaryConv2dNode, countScale } from '../ops/binary_conv2d.ts';
import { dilationOf } from '../ops/shapes.ts';
import type { Shape } from '../tensor.ts';
import { countParameters } from './binary-epilogue.ts';
import { weightWords, wordsPerFilter } from './binary-weights.ts';
import type { Argument } from './calls.ts';
import { planeBytes, planesOrigin } from './encodings.ts';
import {
  type Emission,
  type Family,
  type Selection,
  type Stage,
  skipArguments,
  streamRoom,
} from './family.ts';
import { joinedAlike } from './joined.ts';
import { encodeBits } from './levels.ts';
import {
  chunksOf,
  lookUps,
  MOST_ELEMENTS,
  packLookUps,
  type Run,
  signRoom,
} from './nibble-look-ups.ts';
import { type Raster, TILE_PIXELS } from './raster.ts';

/** Rows and columns, and twice as many, are kept in 16 bits. */
const MOST_PIXELS = 8192;

export const binaryConv2dNibbles: Family<'binary_conv2d'> = {
  name: 'binary-conv2d-nibbles',
  accepts: ({ source: node, shape }, { simd }) =>
    simd &&
    (node.groups === 1 || (groupOf(node).channels % 4 === 0 && groupOf(node).outputs % 4 === 0)) &&
    countScale(node).most * (2 / countScale(node).step) <= MOST_ELEMENTS &&
    [0, 1].every((axis) => reachOf(node, shape, axis) <= MOST_PIXELS),
  reads: 'planes',
  encode: encodeBits,
  writes: 'stream',
  makesSigns: ['nibbles', 'planes'],
  join: joinBases,
  emit(emission) {
    const { stage, target, calls, inputs, raster } = emission;
    const { activations } = target;
    const node = stage.source;
    const { buffer: planes, raster: input } = inputs[0]!;
    const group = groupOf(node);
    const quads = Math.ceil(group.channels / 4);
    const chunks = chunksOf(tapsOf(node).length, quads);
    const perOutput = chunks.reduce((sum, chunk) => sum + lookUps(chunk), 0);
    const mostQuads = Math.max(...chunks.flat().map(quadsOf));
    const bases = [...(stage.before ?? []), stage];
    const { signs, signArguments } = signRoom(emission);
    const stream = streamRoom(emission);
    const granule = node.groups * Math.ceil(group.outputs / 4);
    calls.call({
      value: stage.value,
      kernel: activations.kernel('binaryConv2dNibbles'),
      work: raster.tiles * granule,
      granule,
      arguments: {
        tableBase: calls.tables,
        window: calls.scratch(OFFSET_BYTES + mostQuads * 4 * 16),
        planes: planesOrigin(planes, input),
        inPlaneBytes: planeBytes(input),
        planePixels: input.tiles * TILE_PIXELS,
        positions: positions(emission),
        isShifted: node.stride[1] === 1 && node.stride[0] === 1 && input.row === raster.row ? 1 : 0,
        inHeight: input.height,
        inWidth: input.width,
        inStride: input.row,
        outside: calls.constant(outsideBits(node)),
        countsOutside: node.paddingValue === 0 ? 0 : 1,
        weights: calls.constant(
          packWeights(
            bases.map(({ source }) => source),
            chunks,
          ),
        ),
        groupWeightBytes: perOutput * group.outputs * bases.length * 2,
        chunks: calls.constant(chunkRecords(chunks, node.bits)),
        chunkCount: node.bits * chunks.length,
        runs: calls.constant(runRecords(node, chunks.flat(), input)),
        parameters: calls.constant(
          joinedAlike(bases.map((base) => countParameters({ ...emission, stage: base }))),
        ),
        partialSums:
          node.bits * chunks.length > 1 ? calls.scratch(bases.length * group.outputs * 64) : 0,
        ...skipArguments(emission),
        stream,
        streamTileBytes: node.outChannels * activations.tileBytes,
        ...signArguments,
        groups: node.groups,
        groupPlanes: quads,
        groupOutputs: group.outputs,
        bases: bases.length,
      },
      writes: ['tableBase', 'window', 'partialSums', 'stream', 'signs'],
      inPlace: { output: 'stream', input: 'skip' },
      optional: { output: 'stream', tileBytes: 'streamTileBytes' },
    });
    return { value: stream, signs };
  },
};

/** Where the skip of a stage has the same tables, and nothing else reads it, one call adds up both. */
function joinBases(graph: Graph, selections: readonly Selection[]): Selection[] {
  const keyOf = ({ source }: Stage) => tablesKey(source as BinaryConv2dNode);
  const reads = [graph.output, ...graph.nodes.flatMap(({ inputs }) => inputs)];
  const kept = new Map<string, Selection>();
  for (const selection of selections) {
    let { stage } = selection;
    const skip = stage.skip && kept.get(stage.skip.value);
    if (
      skip?.family === selection.family &&
      skip.family.join === joinBases &&
      keyOf(stage) === keyOf(skip.stage) &&
      reads.filter((value) => value === skip.stage.value).length === 1
    ) {
      const { before = [], ...last } = skip.stage;
      kept.delete(last.value);
      stage = { ...stage, skip: last.skip, before: [...before, last] };
    }
    kept.set(stage.value, { ...selection, stage });
  }
  return [...kept.values()];
}

/** The offsets of a tile's pixels, before its nibbles in the scratch. */
const OFFSET_BYTES = 128;

/** The farthest row, or column, that a window reads. */
function reachOf(node: BinaryConv2dNode, shape: Shape, axis: number): number {
  return shape[axis + 1]! * node.stride[axis]! + node.kernel[axis]! * dilationOf(node)[axis]!;
}

function groupOf({ inChannels, outChannels, groups }: BinaryConv2dNode) {
  return { channels: inChannels / groups, outputs: outChannels / groups };
}

/** Whether an odd number of channels has to count half outside: then each tap is taken twice. */
function isTwice(node: BinaryConv2dNode): boolean {
  return countScale(node).step === 1;
}

/** The taps that are counted, by their number in the filter. */
function tapsOf(node: BinaryConv2dNode): number[] {
  const [height, width] = node.kernel;
  const taps = Array.from({ length: height * width }, (_, tap) => tap);
  return isTwice(node) ? taps.flatMap((tap) => [tap, tap]) : taps;
}

/** Four-channel units of a run. */
function quadsOf({ fives, fours }: Run): number {
  return (fives / 4) * 5 + fours;
}

/** Row and column in the input of each pixel of the output, but for the padding. */
function positions({ stage, calls, raster }: Emission<'binary_conv2d'>): Argument {
  const [strideY, strideX] = stage.source.stride;
  const { height, width, row, tiles } = raster;
  const key = `positions ${height}x${width} stride ${strideY}x${strideX}`;
  return calls.sharedConstant(key, () =>
    Int16Array.from({ length: tiles * TILE_PIXELS * 2 }, (_, index) => {
      const pixel = index >> 1;
      return index % 2 === 0 ? Math.floor(pixel / row) * strideY : (pixel % row) * strideX;
    }),
  );
}

/** A tap's bits outside the picture, four channels a byte in both nibbles; where taps are taken twice, of both. */
function outsideBits(node: BinaryConv2dNode): Uint8Array {
  const { channels } = groupOf(node);
  const bits = (pattern: number) =>
    Array.from({ length: Math.ceil(channels / 4) }, (_, quad) => {
      const nibble = pattern & ((1 << Math.min(4, channels - 4 * quad)) - 1);
      return nibble | (nibble << 4);
    });
  if (isTwice(node)) return Uint8Array.of(...bits(0), ...bits(0b1111));
  return Uint8Array.from(bits({ '-1': 0, '0': 0b1010, '1': 0b1111 }[node.paddingValue]));
}

/** Chunks as the kernel reads them: those of each bit. */
function chunkRecords(chunks: readonly (readonly Run[])[], bits: number): Int32Array {
  return Int32Array.from(
    Array.from({ length: bits }, (_, bit) =>
      chunks.flatMap((chunk, index) => [
        chunk.length,
        lookUps(chunk) * 2,
        bit > 0 && index === 0 ? 1 : 0,
      ]),
    ).flat(),
  );
}

/** Runs as the kernel reads them: those of each bit, the highest first. */
function runRecords(node: BinaryConv2dNode, runs: readonly Run[], input: Raster): Int32Array {
  const taps = tapsOf(node);
  const quads = Math.ceil(groupOf(node).channels / 4);
  const [top, left] = node.padding;
  const [down, across] = dilationOf(node);
  const bitBytes = Math.ceil(node.inChannels / 4) * planeBytes(input);
  const recordsOf = (bit: number) =>
    runs.flatMap(({ tap: index, quad, fives, fours }) => {
      const tap = taps[index]!;
      const isSecond = taps[index - 1] === tap;
      return [
        Math.floor(tap / node.kernel[1]) * down - top,
        (tap % node.kernel[1]) * across - left,
        bit * bitBytes + quad * planeBytes(input),
        quad + (isSecond ? quads : 0),
        fives,
        fours,
      ];
    });
  const bits = Array.from({ length: node.bits }, (_, bit) => node.bits - 1 - bit);
  return Int32Array.from(bits.flatMap(recordsOf));
}

/** `[group][chunk][base][output][look-up]`. */
function packWeights(
  bases: readonly BinaryConv2dNode[],
  chunks: readonly (readonly Run[])[],
): Uint16Array {
  const node = bases[0]!;
  const { channels, outputs } = groupOf(node);
  const taps = tapsOf(node);
  const runs = chunks.map((chunk) => chunk.map((run) => ({ ...run, tap: taps[run.tap]! })));
  const filterBits = wordsPerFilter(node) * 64;
  const words = bases.map((base) => weightWords(base));
  const groups = Array.from({ length: node.groups }, (_, group) => group * outputs * filterBits);
  return joined(
    Uint16Array,
    groups.flatMap((first) =>
      runs.flatMap((chunk) =>
        words.map((all) => packLookUps([chunk], all, first, filterBits, outputs, channels)),
      ),
    ),
  );
}

/** What is the same of convolutions that can share the tables: all but their weights. */
function tablesKey({ name: _, weight: __, alpha: ___, ...rest }: BinaryConv2dNode): string {
  return JSON.stringify(rest);
}
