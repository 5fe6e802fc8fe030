/** Binary 1x1 convolutions by table look-up: assembly/binary-pointwise-nibbles.ts. */

import { countParameters } from './binary-epilogue.ts';
import { weightWords, wordsPerFilter } from './binary-weights.ts';
import { type Family, skipArguments, streamRoom } from './family.ts';
import { chunksOf, MOST_ELEMENTS, packLookUps, signRoom } from './nibble-look-ups.ts';
import { isPointwise } from './windows.ts';

export const binaryPointwiseNibbles: Family<'binary_conv2d'> = {
  name: 'binary-pointwise-nibbles',
  accepts: ({ source }, { simd }) =>
    simd &&
    isPointwise(source) &&
    source.bits === 1 &&
    source.inChannels <= MOST_ELEMENTS &&
    source.inChannels % 4 === 0 &&
    source.outChannels % 4 === 0,
  reads: 'nibbles',
  writes: 'stream',
  makesSigns: ['nibbles', 'planes'],
  emit(emission) {
    const { stage, target, calls, inputs, raster } = emission;
    const { activations } = target;
    const node = stage.source;
    const chunks = chunksOf(1, node.inChannels / 4);
    const { signs, signArguments } = signRoom(emission);
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
        weights: calls.constant(
          packLookUps(
            chunks,
            weightWords(node),
            0,
            wordsPerFilter(node) * 64,
            node.outChannels,
            node.inChannels,
          ),
        ),
        parameters: calls.constant(countParameters(emission)),
        chunks: calls.sharedConstant(`chunks ${node.inChannels}`, () =>
          Int32Array.from(chunks.flat().flatMap(({ fives, fours }) => [fives, fours])),
        ),
        chunkCount: chunks.length,
        partialSums: chunks.length > 1 ? calls.scratch(node.outChannels * 64) : 0,
        ...skipArguments(emission),
        stream,
        streamTileBytes: node.outChannels * activations.tileBytes,
        ...signArguments,
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
