/** Sigmoids and products of two values: assembly/gate.ts. They exist for float32 only. */

import { eachNumber } from './each-number.ts';
import { type Family, streamRoom } from './family.ts';

export const multiply: Family<'multiply'> = {
  name: 'multiply',
  accepts: (_, { activations }) => activations.name === 'float32',
  reads: 'stream',
  writes: 'stream',
  emit(emission) {
    const { stage, target, calls, inputs, channels, raster } = emission;
    const [input, factor] = inputs as [(typeof inputs)[0], (typeof inputs)[0]];
    const { tileBytes } = target.activations;
    const { height, width } = factor.raster;
    const splat = height * width === 1;
    const stream = streamRoom(emission);
    calls.call({
      value: stage.value,
      kernel: 'multiply',
      work: raster.tiles,
      arguments: {
        input: input.buffer,
        factor: factor.buffer,
        factorTileBytes: splat ? 0 : factor.channels * tileBytes,
        factorChannelBytes: factor.channels === 1 ? 0 : tileBytes,
        splat: splat ? 1 : 0,
        stream,
        channels,
      },
      writes: ['stream'],
      inPlace: { output: 'stream', input: 'input' },
    });
    return { value: stream };
  },
};

export const sigmoid = eachNumber('sigmoid', ({ stage, calls, inputs }, numbers, out) => {
  calls.call({
    value: stage.value,
    kernel: 'sigmoid',
    work: numbers,
    arguments: { input: inputs[0]!.buffer, out },
    writes: ['out'],
    inPlace: { output: 'out', input: 'input' },
  });
});
