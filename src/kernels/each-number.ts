/** Families whose kernels take each number of a value by itself, wherever it lies. They exist for float32 only. */

import type { OpName } from '../ops/index.ts';
import type { Buffer } from './calls.ts';
import type { Emission, Family } from './family.ts';
import { TILE_PIXELS } from './raster.ts';

/**
 * The family of maps, and that of vectors.
 * @param call writes the call of the kernel: so many numbers, from the input to `out`
 */
export function eachNumber<Op extends OpName>(
  op: Op,
  call: (emission: Emission<Op>, numbers: number, out: Buffer) => void,
): [Family<Op>, Family<Op>] {
  const emit = (emission: Emission<Op>, each: number) => {
    const numbers = emission.channels * each;
    const out = emission.calls.buffer(numbers * 4);
    call(emission, numbers, out);
    return { value: out };
  };
  return [
    {
      name: `${op}-channels`,
      accepts: ({ shape }, { activations }) => shape.length === 3 && activations.name === 'float32',
      reads: 'stream',
      writes: 'stream',
      emit: (emission) => emit(emission, emission.raster.tiles * TILE_PIXELS),
    },
    {
      name: `${op}-vector`,
      accepts: ({ shape }) => shape.length === 1,
      reads: 'planar',
      writes: 'planar',
      emit: (emission) => emit(emission, 1),
    },
  ];
}
