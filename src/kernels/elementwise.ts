/**
 * Operations of one number in, one number out, where no convolution takes them in, and additions:
 * assembly/elementwise.ts. On maps they exist for float32 only.
 */

import { type OpName, operationOf } from '../ops/index.ts';
import type { Bounds } from '../ops/operation.ts';
import type { PiecewiseLinear } from '../ops/piecewise-linear.ts';
import { epilogueParameters } from './activations.ts';
import type { Buffer } from './calls.ts';
import { type Emission, type Family, type Stage, skipArguments, streamRoom } from './family.ts';
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

/** Operations of two kinks, on a map. */
export const clampChannels: Family<OpName> = {
  name: 'clamp-channels',
  accepts: (stage, { activations }) =>
    stage.shape.length === 3 && boundsOf(stage) !== undefined && activations.name === 'float32',
  reads: 'stream',
  writes: 'stream',
  emit(emission) {
    const { channels, raster } = emission;
    return { value: emitClamp(emission, raster.tiles * channels * TILE_PIXELS) };
  },
};

/** The same on a vector. */
export const clampVector: Family<OpName> = {
  name: 'clamp-vector',
  accepts: (stage) => stage.shape.length === 1 && boundsOf(stage) !== undefined,
  reads: 'planar',
  writes: 'planar',
  emit: (emission) => ({ value: emitClamp(emission, emission.channels) }),
};

function boundsOf({ source }: Stage): Bounds | undefined {
  return operationOf(source).clamp?.(source);
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

function emitClamp<Op extends OpName>(
  { stage, calls, inputs }: Emission<Op>,
  numbers: number,
): Buffer {
  const out = calls.buffer(numbers * 4);
  calls.call({
    value: stage.value,
    kernel: 'clamp',
    work: numbers,
    arguments: { input: inputs[0]!.buffer, out, ...boundsOf(stage)! },
    writes: ['out'],
    inPlace: { output: 'out', input: 'input' },
  });
  return out;
}
