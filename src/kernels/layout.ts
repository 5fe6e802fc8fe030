/** Values from one layout to another, and what moves numbers only: assembly/layout.ts. */

import type { ActivationType } from './activations.ts';
import type { Buffer, CallWriter } from './calls.ts';
import { type Family, type Place, streamRoom } from './family.ts';

/** Channels one after the other, tile by tile. */
export const concatenate: Family<'concat'> = {
  name: 'concatenate',
  accepts: () => true,
  reads: 'stream',
  writes: 'stream',
  emit(emission) {
    const { stage, target, calls, inputs, channels: outChannels, raster } = emission;
    const out = streamRoom(emission);
    let firstChannel = 0;
    for (const { buffer: stream, channels } of inputs) {
      calls.call({
        value: stage.value,
        kernel: target.activations.kernel('concatenate'),
        work: raster.tiles,
        arguments: { stream, out, channels, firstChannel, outChannels },
        writes: ['out'],
      });
      firstChannel += channels;
    }
    return { value: out };
  },
};

/** A planar map is its own vector. */
export const flatten: Family<'flatten'> = {
  name: 'flatten',
  accepts: () => true,
  reads: 'planar',
  writes: 'planar',
  emit: ({ inputs }) => ({ value: inputs[0]!.buffer }),
};

/** A planar value as a stream. */
export function toStream(
  calls: CallWriter,
  activations: ActivationType,
  value: string,
  { buffer: planar, channels, raster }: Place,
): Buffer {
  const { height, width, tiles } = raster;
  const stream = calls.buffer(tiles * channels * activations.tileBytes);
  calls.call({
    value,
    kernel: activations.kernel('planarToStream'),
    work: tiles,
    arguments: {
      planar,
      stream,
      channels,
      height,
      width,
      unitsPerOne: activations.unitsPerOne,
    },
    writes: ['stream'],
  });
  return stream;
}

/** A stream as a planar value. */
export function toPlanar(
  calls: CallWriter,
  activations: ActivationType,
  value: string,
  { buffer: stream, channels, raster }: Place,
): Buffer {
  const { height, width } = raster;
  const planar = calls.buffer(channels * height * width * 4);
  calls.call({
    value,
    kernel: activations.kernel('streamToPlanar'),
    work: channels,
    arguments: { stream, planar, channels, height, width, unit: 1 / activations.unitsPerOne },
    writes: ['planar'],
  });
  return planar;
}
