/**
 * Operations of one number in, one number out, where no convolution takes them in, and additions:
 * assembly/elementwise.ts. On maps they exist for float32 only.
 */

import type { OpName } from '../ops/index.ts';
import type { PiecewiseLinear } from '../ops/piecewise-linear.ts';
import { epilogueParameters } from './activations.ts';
import type { Buffer } from './calls.ts';
import { type Emission, type Family, skipArguments, streamRoom } from './family.ts';
import { TILE_PIXELS } from './raster.ts';

/** One piecewise-linear function per channel of a map, and a skip. */
export const mapChannels: Family<OpName> = {
  name: 'map-channels',
  accepts: ({ shape, functions }, { activations }) =>
    shape.length === 3 && functions !== undefined && activations.name === 'float32',
  reads: 'stream',
  writes: 'stream',
  emit: (emission) => ({ value: emitMapChannels(emission, emission.stage.functions!) }),
};

/** The same for a vector. */
export const mapVector: Family<OpName> = {
  name: 'map-vector',
  accepts: ({ shape, functions }) => shape.length === 1 && functions !== undefined,
  reads: 'planar',
  writes: 'planar',
  emit: (emission) => ({ value: emitMapVector(emission, emission.stage.functions!) }),
};

/** ReLU with a maximum has two kinks: it is rectified first and limited then. */
export const limitChannels: Family<'relu'> = {
  name: 'limit-channels',
  accepts: ({ shape }, { activations }) => shape.length === 3 && activations.name === 'float32',
  reads: 'stream',
  writes: 'stream',
  emit(emission) {
    const { channels, raster } = emission;
    const stream = emitMapChannels(emission, rectifiers(channels));
    emitLimit(emission, stream, raster.tiles * channels * TILE_PIXELS);
    return { value: stream };
  },
};

export const limitVector: Family<'relu'> = {
  name: 'limit-vector',
  accepts: ({ shape }) => shape.length === 1,
  reads: 'planar',
  writes: 'planar',
  emit(emission) {
    const vector = emitMapVector(emission, rectifiers(emission.channels));
    emitLimit(emission, vector, emission.channels);
    return { value: vector };
  },
};

function rectifiers(channels: number): PiecewiseLinear[] {
  return Array.from({ length: channels }, () => ({ knee: 0, value: 0, left: 0, right: 1 }));
}

function emitMapChannels<Op extends OpName>(
  emission: Emission<Op>,
  functions: readonly PiecewiseLinear[],
): Buffer {
  const { stage, calls, inputs, channels, raster } = emission;
  const stream = streamRoom(emission);
  calls.call({
    value: stage.value,
    kernel: 'mapChannels',
    work: raster.tiles,
    arguments: {
      input: inputs[0]!.buffer,
      parameters: calls.constant(epilogueParameters(functions, undefined)),
      ...skipArguments(emission),
      stream,
      channels,
    },
    writes: ['stream'],
    inPlace: { output: 'stream', input: 'skip' },
  });
  return stream;
}

function emitMapVector<Op extends OpName>(
  { stage, calls, inputs, skip, channels }: Emission<Op>,
  functions: readonly PiecewiseLinear[],
): Buffer {
  const out = calls.buffer(channels * 4);
  calls.call({
    value: stage.value,
    kernel: 'mapVector',
    work: channels,
    arguments: {
      input: inputs[0]!.buffer,
      parameters: calls.constant(epilogueParameters(functions, undefined)),
      skip:
        skip?.buffer ?? calls.sharedConstant(`zeros ${channels}`, () => new Float32Array(channels)),
      out,
    },
    writes: ['out'],
  });
  return out;
}

function emitLimit({ stage, calls }: Emission<'relu'>, buffer: Buffer, numbers: number): void {
  calls.call({
    value: stage.value,
    kernel: 'limit',
    work: numbers,
    arguments: { input: buffer, out: buffer, limit: stage.source.max! },
    writes: ['out'],
  });
}
