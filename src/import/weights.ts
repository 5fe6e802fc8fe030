/** Float weights that are few-valued, as bits. */

/** Weights of +-alpha, one alpha a filter. */
export interface Base {
  readonly alpha: Float32Array;
  /** +1 or -1 for each weight, in the order of the weights. */
  readonly signs: Int8Array;
}

/**
 * The weights as a sum of bases, exactly or within `tolerance` of alpha: one for +-alpha, two for
 * ternary and 2-bit weights, k for k bits; undefined where they are anything else.
 * @param weight `[filters, elements]`
 */
export function basesOf(
  weight: Float32Array,
  filters: number,
  tolerance: number,
): Base[] | undefined {
  return (
    binaryBase(weight, filters, tolerance) ??
    ternaryBases(weight, filters, tolerance) ??
    gridBases(weight, filters, tolerance)
  );
}

function binaryBase(weight: Float32Array, filters: number, tolerance: number): Base[] | undefined {
  const elements = weight.length / filters;
  const alpha = new Float32Array(filters);
  for (let filter = 0; filter < filters; filter++) {
    const row = weight.subarray(filter * elements, (filter + 1) * elements);
    alpha[filter] = meanMagnitude(row);
    if (!row.every((w) => Math.abs(Math.abs(w) - alpha[filter]!) <= tolerance * alpha[filter]!)) {
      return undefined;
    }
  }
  return [{ alpha, signs: Int8Array.from(weight, (w) => (w > 0 ? 1 : -1)) }];
}

/** -alpha, 0, alpha: alpha / 2 (s + t), where s and t differ at 0. */
function ternaryBases(
  weight: Float32Array,
  filters: number,
  tolerance: number,
): Base[] | undefined {
  const elements = weight.length / filters;
  const half = new Float32Array(filters);
  for (let filter = 0; filter < filters; filter++) {
    const row = weight.subarray(filter * elements, (filter + 1) * elements);
    const largest = row.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
    const some = row.filter((w) => Math.abs(w) > largest / 2);
    const alpha = some.length === 0 ? 0 : meanMagnitude(some);
    half[filter] = alpha / 2;
    const fits = (w: number) =>
      Math.min(Math.abs(w), Math.abs(Math.abs(w) - alpha)) <= tolerance * alpha;
    if (!row.every(fits)) return undefined;
  }
  const zero = (w: number, at: number) => Math.abs(w) <= half[Math.floor(at / elements)]!;
  return [
    { alpha: half, signs: Int8Array.from(weight, (w, at) => (zero(w, at) || w > 0 ? 1 : -1)) },
    { alpha: half, signs: Int8Array.from(weight, (w, at) => (zero(w, at) || w < 0 ? -1 : 1)) },
  ];
}

/** Odd multiples of one unit up to 2^k - 1: the sum of k bases, each twice the one before. */
function gridBases(weight: Float32Array, filters: number, tolerance: number): Base[] | undefined {
  const unit = weight.reduce((least, w) => Math.min(least, Math.abs(w)), Number.POSITIVE_INFINITY);
  const largest = weight.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
  const bits = Math.ceil(Math.log2(largest / unit + 1) - 0.01);
  if (!(unit > 0) || !(bits >= 2 && bits <= 4)) return undefined;
  const codes = new Uint8Array(weight.length);
  for (const [at, w] of weight.entries()) {
    const odd = 2 * Math.round((w / unit - 1) / 2) + 1;
    if (Math.abs(w - odd * unit) > tolerance * largest) return undefined;
    codes[at] = (odd + 2 ** bits - 1) / 2;
  }
  return Array.from({ length: bits }, (_, bit) => ({
    alpha: new Float32Array(filters).fill(unit * 2 ** bit),
    signs: Int8Array.from(codes, (code) => ((code >> bit) & 1 ? 1 : -1)),
  }));
}

function meanMagnitude(row: Float32Array): number {
  return Math.fround(row.reduce((sum, w) => sum + Math.abs(w), 0) / row.length);
}

/**
 * Packed as the format has it: of `[O, C, kh, kw]` the bits `[O, words]`, in the order (y, x, channel).
 */
export function packSigns(signs: Int8Array, filters: number, area: number): BigUint64Array {
  const elements = signs.length / filters;
  const channels = elements / area;
  const words = Math.ceil(elements / 64);
  const halves = new Uint32Array(filters * words * 2);
  for (let filter = 0; filter < filters; filter++) {
    for (let element = 0; element < elements; element++) {
      const from = filter * elements + (element % channels) * area + Math.floor(element / channels);
      if (signs[from]! > 0) halves[filter * words * 2 + (element >> 5)]! |= 1 << (element & 31);
    }
  }
  return new BigUint64Array(halves.buffer);
}
