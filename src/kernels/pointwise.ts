/** Float 1x1 convolutions: assembly/pointwise.ts. */

import type { Conv2dNode } from '../ops/conv2d.ts';
import { epilogueParameters } from './activations.ts';
import { type Family, skipArguments, streamRoom } from './family.ts';
import { isPointwise } from './windows.ts';

export const pointwise: Family<'conv2d'> = {
  name: 'pointwise',
  accepts: ({ source }, { activations }) =>
    activations.name === 'float32' && isPointwise(source) && source.outChannels % 4 === 0,
  reads: 'stream',
  writes: 'stream',
  emit(emission) {
    const { stage, calls, inputs, raster } = emission;
    const { source: node } = stage;
    const stream = streamRoom(emission);
    calls.call({
      value: stage.value,
      kernel: 'pointwise',
      work: raster.tiles,
      arguments: {
        input: inputs[0]!.buffer,
        weights: calls.constant(packPointwise(node)),
        parameters: calls.constant(epilogueParameters(stage.functions!, undefined)),
        ...skipArguments(emission),
        stream,
        inChannels: node.inChannels,
        outChannels: node.outChannels,
      },
      writes: ['stream'],
      inPlace: { output: 'stream', input: 'skip' },
    });
    return { value: stream };
  },
};

/** `[outChannels / 4][inChannels][4]` of `[outChannels][inChannels]`. */
export function packPointwise(node: Conv2dNode): Float32Array {
  const packed = new Float32Array(node.weight.length);
  let at = 0;
  for (let output = 0; output < node.outChannels; output += 4) {
    for (let input = 0; input < node.inChannels; input++) {
      for (let j = 0; j < 4; j++) {
        packed[at++] = node.weight[(output + j) * node.inChannels + input]!;
      }
    }
  }
  return packed;
}
