/** Whole numbers between two bounds: assembly/round.ts. */

import { eachNumber } from './each-number.ts';

export const round = eachNumber('round', ({ stage, calls, inputs }, numbers, out) => {
  const { min: low, max: high } = stage.source;
  calls.call({
    value: stage.value,
    kernel: 'round',
    work: numbers,
    arguments: { input: inputs[0]!.buffer, out, low, high },
    writes: ['out'],
    inPlace: { output: 'out', input: 'input' },
  });
});
