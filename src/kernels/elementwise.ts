/**
 * Operations of one number in, one number out, where no convolution takes them in, and additions:
 * assembly/elementwise.ts. On maps they exist for float32 only.
 */

import { type OpName, operationOf } from '../ops/index.ts';
import type { Bounds } from '../ops/operation.ts';
import { epilogueParameters } from './activations.ts';
import { type Family, type Stage, skipArguments, streamRoom } from './family.ts';
import { TILE_PIXELS } from './raster.ts';

/** One piecewise-linear function per channel of a map, and a skip. */
export const mapChannels: Family<OpName> = {
  name: 'map-channels',
  accepts: ({ shape, functions }, { activations }) =>
    shape.length === 3 && functions !== undefined && activations.name === 'float32',
  reads: 'stream',
  writes: 'stream',
  emit(emission) {
    const { stage, calls, inputs, channels, raster } = emission;
    const stream = streamRoom(emission);
    calls.call({
      value: stage.value,
      kernel: 'mapChannels',
      work: raster.tiles,
      arguments: {
        input: inputs[0]!.buffer,
        parameters: calls.constant(epilogueParameters(stage.functions!, undefined)),
        ...skipArguments(emission),
        stream,
        channels,
      },
      writes: ['stream'],
      inPlace: { output: 'stream', input: 'skip' },
    });
    return { value: stream };
  },
};

/** The same for a vector. */
export const mapVector: Family<OpName> = {
  name: 'map-vector',
  accepts: ({ shape, functions }) => shape.length === 1 && functions !== undefined,
  reads: 'planar',
  writes: 'planar',
  emit({ stage, calls, inputs, skip, channels }) {
    const out = calls.buffer(channels * 4);
    calls.call({
      value: stage.value,
      kernel: 'mapVector',
      work: channels,
      arguments: {
        input: inputs[0]!.buffer,
        parameters: calls.constant(epilogueParameters(stage.functions!, undefined)),
        skip:
          skip?.buffer ??
          calls.sharedConstant(`zeros ${channels}`, () => new Float32Array(channels)),
        out,
      },
      writes: ['out'],
    });
    return { value: out };
  },
};

/** Operations of two kinks, on a map. */
export const clampChannels = clampIn('stream', 3);

/** The same on a vector. */
export const clampVector = clampIn('planar', 1);

/** @param rank of the values that it accepts */
function clampIn(layout: 'stream' | 'planar', rank: 1 | 3): Family<OpName> {
  return {
    name: `clamp-${layout}`,
    accepts: (stage, { activations }) =>
      stage.shape.length === rank &&
      boundsOf(stage) !== undefined &&
      (rank === 1 || activations.name === 'float32'),
    reads: layout,
    writes: layout,
    emit({ stage, calls, inputs, channels, raster }) {
      const numbers = rank === 1 ? channels : raster.tiles * channels * TILE_PIXELS;
      const out = calls.buffer(numbers * 4);
      calls.call({
        value: stage.value,
        kernel: 'clamp',
        work: numbers,
        arguments: { input: inputs[0]!.buffer, out, ...boundsOf(stage)! },
        writes: ['out'],
        inPlace: { output: 'out', input: 'input' },
      });
      return { value: out };
    },
  };
}

function boundsOf({ source }: Stage): Bounds | undefined {
  return operationOf(source).clamp?.(source);
}
