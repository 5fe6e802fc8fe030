/** The epilogue of binary convolutions: per channel, a function with one kink of the count of mismatches. */

import { countScale } from '../ops/binary_conv2d.ts';
import type { Constant } from './calls.ts';
import type { Emission } from './family.ts';

/** Its parameters, and the fused sign's thresholds, as a constant. */
export function countParameters(emission: Emission<'binary_conv2d'>): Constant {
  return emission.calls.constant(parametersOf(emission));
}

/** Those of a stage, of which the emission tells what it is for. */
export function parametersOf({
  stage,
  target,
  sign,
}: Pick<Emission<'binary_conv2d'>, 'stage' | 'target' | 'sign'>): Float32Array | Int16Array {
  const { most: sum, step } = countScale(stage.source);
  const most = (2 * sum) / step;
  return target.activations.countParameters(stage.value, stage.functions!, most, sign?.threshold);
}
