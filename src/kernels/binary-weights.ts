/** Binary weights of a model file, as the packing of every family reads them. */

import { type FilterBits, filterElements } from '../ops/filter-bits.ts';

type Filters = Pick<FilterBits, 'weight' | 'kernel' | 'inChannels' | 'groups'>;

/** u64 words of a filter, and of its row in the weight tensor. */
export function wordsPerFilter(node: Omit<Filters, 'weight'>): number {
  return Math.ceil(filterElements(node) / 64);
}

/** A binary weight as 32-bit words, for `bitsAt`. */
export function weightWords({ weight }: Pick<Filters, 'weight'>): Int32Array {
  return new Int32Array(weight.buffer, weight.byteOffset, weight.byteLength / 4);
}

/** Up to 31 bits from bit `at` on, the first one lowest. */
export function bitsAt(words: Int32Array, at: number, count: number): number {
  const index = at >> 5;
  const shift = at & 31;
  // The last word has no next one, and its bits are not asked for.
  const next = words[Math.min(index + 1, words.length - 1)]!;
  return ((words[index]! >>> shift) | ((next << 1) << (31 - shift))) & ((1 << count) - 1);
}
