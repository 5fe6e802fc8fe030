/** The epilogue of binary convolutions: per channel, a function with one kink of the count of mismatches. */

import { countScale } from '../ops/binary_conv2d.ts';
import type { Constant } from './calls.ts';
import type { Emission } from './family.ts';

/** Its parameters, and the fused sign's thresholds, as a constant. */
export function countParameters({
  stage,
  target,
  calls,
  sign,
}: Emission<'binary_conv2d'>): Constant {
  const { most: sum, step } = countScale(stage.source);
  const most = (2 * sum) / step;
  return calls.constant(
    target.activations.countParameters(stage.value, stage.functions!, most, sign?.threshold),
  );
}
