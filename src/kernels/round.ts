/** Whole numbers between two bounds: assembly/round.ts. They exist for float32 only. */

import type { Emission, Family } from './family.ts';
import { TILE_PIXELS } from './raster.ts';

export const roundChannels: Family<'round'> = {
  name: 'round-channels',
  accepts: ({ shape }, { activations }) => shape.length === 3 && activations.name === 'float32',
  reads: 'stream',
  writes: 'stream',
  emit: (emission) => emitRound(emission, emission.raster.tiles * TILE_PIXELS),
};

export const roundVector: Family<'round'> = {
  name: 'round-vector',
  accepts: ({ shape }) => shape.length === 1,
  reads: 'planar',
  writes: 'planar',
  emit: (emission) => emitRound(emission, 1),
};

/** @param each numbers of a channel */
function emitRound({ stage, calls, inputs, channels }: Emission<'round'>, each: number) {
  const numbers = channels * each;
  const out = calls.buffer(numbers * 4);
  const { min: low, max: high } = stage.source;
  calls.call({
    value: stage.value,
    kernel: 'round',
    work: numbers,
    arguments: { input: inputs[0]!.buffer, out, low, high },
    writes: ['out'],
    inPlace: { output: 'out', input: 'input' },
  });
  return { value: out };
}
