/** The epilogue of binary convolutions: per channel, a function with one kink of the count of mismatches. */

import { countScale } from '../ops/binary_conv2d.ts';
import type { Emission } from './family.ts';

/** Parameters of a stage's epilogue, and the fused sign's thresholds. */
export function countParameters({
  stage,
  target,
  sign,
}: Pick<Emission<'binary_conv2d'>, 'stage' | 'target' | 'sign'>): Float32Array | Int16Array {
  const { most: sum, step } = countScale(stage.source);
  const most = (2 * sum) / step;
  return target.activations.countParameters(stage.value, stage.functions!, most, sign?.threshold);
}
