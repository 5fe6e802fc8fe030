/** Convolutions whose filters are packed bits, as a model file has them. */

import { ModelFormatError } from '../errors.ts';
import type { Padding, Pair } from '../tensor.ts';
import { type Attributes, expectGroups, expectShape, vectorOrNone } from './attributes.ts';

/** What they have in common. */
export interface FilterBits {
  /**
   * Packed bits `[O, ceil(kernelHeight * kernelWidth * I / groups / 64)]`: bit 1 is +1; element
   * `(y * kernelWidth + x) * (I / groups) + c` of a filter is bit `e mod 64` of word `e div 64`.
   */
  readonly weight: BigUint64Array;
  readonly alpha: Float32Array | undefined;
  readonly kernel: Pair;
  readonly stride: Pair;
  /** From one tap to the next; absent, 1. */
  readonly dilation?: Pair | undefined;
  readonly padding: Padding;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
}

/** The attributes that `parseFilterBits` reads. */
export const FILTER_ATTRIBUTES = [
  'weight',
  'alpha',
  'kernel',
  'in_channels',
  'out_channels',
  'stride',
  'padding',
  'groups',
  'dilation',
] as const;

/** @throws ModelFormatError TENSOR_MISSING, TENSOR_MISMATCH, GRAPH_INVALID */
export function parseFilterBits(a: Attributes): FilterBits {
  const kernel = a.pair('kernel');
  const inChannels = a.integer('in_channels', 1);
  const outChannels = a.integer('out_channels', 1);
  const groups = a.integerOr('groups', 1, 1);
  expectGroups(a, groups, inChannels, outChannels);
  return {
    weight: filterBits(a, 'weight', outChannels, filterElements({ kernel, inChannels, groups })),
    alpha: vectorOrNone(a, 'alpha', outChannels),
    kernel,
    stride: a.pair('stride'),
    dilation: a.pairOrNone('dilation'),
    padding: a.padding('padding'),
    inChannels,
    outChannels,
    groups,
  };
}

/** Elements of a filter. */
export function filterElements({
  kernel,
  inChannels,
  groups,
}: Pick<FilterBits, 'kernel' | 'inChannels' | 'groups'>): number {
  return kernel[0] * kernel[1] * (inChannels / groups);
}

/**
 * `[filters, ceil(elements / 64)]` U64: a filter's elements from bit 0 of its first word on.
 * @throws ModelFormatError TENSOR_MISSING, TENSOR_MISMATCH: of bits past the end of a filter too
 */
export function filterBits(
  a: Attributes,
  key: string,
  filters: number,
  elements: number,
): BigUint64Array {
  const tensor = a.tensor(key, ['U64'], 2);
  const words = Math.ceil(elements / 64);
  expectShape(a, key, tensor, [filters, words]);
  expectZeroPast(a, key, tensor.data, words, elements);
  return tensor.data;
}

/** Bits past the end of a filter take part in counts: they must be 0. */
function expectZeroPast(
  a: Attributes,
  key: string,
  bits: BigUint64Array,
  words: number,
  elements: number,
): void {
  if (elements % 64 === 0) return;
  const past = ~((1n << BigInt(elements % 64)) - 1n);
  for (let at = words - 1; at < bits.length; at += words) {
    if ((bits[at]! & past) === 0n) continue;
    throw new ModelFormatError(
      'TENSOR_MISMATCH',
      `${a.name}: ${key === 'weight' ? '' : `${key}, `}filter ${(at + 1) / words - 1} has bits past its ${elements} elements`,
      { hint: 'they must be 0' },
    );
  }
}
