/**
 * The families of kernels for each operation, the best first: of those that accept a stage the first is
 * taken. Here are those of MoBiNet and MobileNet v1 where there is SIMD, which pages always have; the
 * others come after them (uncommon.ts).
 */

import type { OpName } from '../ops/index.ts';
import { binaryGrouped3x3Planes } from './binary-grouped3x3-planes.ts';
import { binaryPointwiseNibbles } from './binary-pointwise-nibbles.ts';
import { conv2d, conv2dSameWidth } from './conv2d.ts';
import { conv2dInt16 } from './conv2d-int16.ts';
import { dense } from './dense.ts';
import type { Family } from './family.ts';
import { pointwise } from './pointwise.ts';
import { averagePool2x2, globalAveragePool } from './pool2d.ts';

/** Families by operation. */
export type Families = { readonly [Op in OpName]: readonly Family<Op>[] };

const COMMON: Partial<Families> = {
  conv2d: [conv2dInt16, pointwise, conv2dSameWidth, conv2d],
  binary_conv2d: [binaryPointwiseNibbles, binaryGrouped3x3Planes],
  average_pool2d: [averagePool2x2],
  global_average_pool: [globalAveragePool],
  dense: [dense],
};

/**
 * Those of an operation, the best first.
 * @param uncommon the others, where they have been loaded
 */
export function familiesOf(op: OpName, uncommon: Families | undefined): readonly Family<OpName>[] {
  return [...(COMMON[op] ?? []), ...(uncommon?.[op] ?? [])] as readonly Family<OpName>[];
}
