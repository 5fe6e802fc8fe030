/** Binary convolutions of any shape by xor and popcount on 64-bit words: assembly/binary-words.ts. */

import { countScale } from '../ops/binary_conv2d.ts';
import { dilationOf } from '../ops/shapes.ts';
import { countParameters } from './binary-epilogue.ts';
import { wordsPerFilter } from './binary-weights.ts';
import type { Buffer } from './calls.ts';
import { type Emission, type Family, skipArguments, streamRoom } from './family.ts';
import { encodeBits } from './levels.ts';
import { isPointwise } from './windows.ts';

export const binaryPointwiseWords: Family<'binary_conv2d'> = {
  name: 'binary-pointwise-words',
  accepts: ({ source }) => source.bits === 1 && isPointwise(source) && source.outChannels % 2 === 0,
  reads: 'words',
  encode: encodeBits,
  writes: 'stream',
  emit(emission) {
    const stream = streamRoom(emission);
    emission.calls.call({
      value: emission.stage.value,
      kernel: emission.target.activations.kernel('binaryPointwiseWords'),
      work: emission.raster.tiles,
      arguments: commonArguments(emission, stream),
      writes: ['stream'],
      inPlace: { output: 'stream', input: 'skip' },
    });
    return { value: stream };
  },
};

export const binaryConv2dWords: Family<'binary_conv2d'> = {
  name: 'binary-conv2d-words',
  accepts: () => true,
  reads: 'words',
  encode: encodeBits,
  writes: 'stream',
  emit(emission) {
    const { stage, target, calls, raster: out } = emission;
    const node = stage.source;
    const { raster: input } = emission.inputs[0]!;
    const stream = streamRoom(emission);
    calls.call({
      value: stage.value,
      kernel: target.activations.kernel('binaryConv2dWords'),
      work: out.tiles,
      arguments: {
        ...commonArguments(emission, stream),
        window: calls.scratch((node.bits + 1) * wordsPerFilter(node) * 8),
        bitCount: node.bits,
        wordsPerFilter: wordsPerFilter(node),
        groupChannels: node.inChannels / node.groups,
        groupOutputs: node.outChannels / node.groups,
        inHeight: input.height,
        inWidth: input.width,
        inStride: input.row,
        outHeight: out.height,
        outWidth: out.width,
        outStride: out.row,
        kernelHeight: node.kernel[0],
        kernelWidth: node.kernel[1],
        strideY: node.stride[0],
        strideX: node.stride[1],
        dilationY: dilationOf(node)[0],
        dilationX: dilationOf(node)[1],
        paddingTop: node.padding[0],
        paddingLeft: node.padding[1],
        paddingValue: node.paddingValue,
      },
      writes: ['stream', 'window'],
      inPlace: { output: 'stream', input: 'skip' },
    });
    return { value: stream };
  },
};

function commonArguments(emission: Emission<'binary_conv2d'>, stream: Buffer) {
  const node = emission.stage.source;
  return {
    bits: emission.inputs[0]!.buffer,
    weights: emission.calls.constant(node.weight),
    parameters: emission.calls.constant(countParameters(emission)),
    ...skipArguments(emission),
    stream,
    wordsPerPixel: Math.ceil(node.inChannels / 64),
    outChannels: node.outChannels,
    shift: countScale(node).step - 1,
  };
}
