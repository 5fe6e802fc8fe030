/** Packed bits of filters, as a model file has them. */

import { ModelFormatError } from '../errors.ts';
import { type Attributes, expectShape } from './attributes.ts';

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
