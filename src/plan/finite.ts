/** Constants that are finite in the file and overflow when they are folded. */

import { GraphError } from '../errors.ts';
import { FLOAT32_PARAMETER_BYTES } from '../kernels/abi.gen.ts';
import { epilogueParameters } from '../kernels/activations.ts';
import type { Stage } from '../kernels/family.ts';

/** @throws GraphError CONSTANT_NOT_FINITE, with the layers that were folded together */
export function checkFinite(stages: readonly Stage[]): void {
  for (const { nodes, functions = [] } of stages) {
    const bad = epilogueParameters(functions, undefined).findIndex((x) => !Number.isFinite(x));
    if (bad < 0) continue;
    const channel = Math.floor((bad * 4) / FLOAT32_PARAMETER_BYTES);
    throw new GraphError(
      'CONSTANT_NOT_FINITE',
      `The constants of channel ${channel} of ${nodes.join(', ')} overflow`,
      { hint: 'a tiny variance or a huge factor' },
    );
  }
}
