/** Float weights that are few-valued, as bits. */

/** Weights of +-alpha, one alpha a filter. */
export interface Base {
  readonly alpha: Float32Array;
  /** +1 or -1 for each weight, in the order of the weights. */
  readonly signs: Int8Array;
}

/** Different numbers of a filter, where they are evenly spaced, and where they are not. */
const MOST_LEVELS = 16;
const MOST_UNEVEN_LEVELS = 5;

/** What lies this far from 0, relative to the largest of a filter, is rounding. */
const ROUNDING = 1e-6;

/**
 * The weights as a sum of bases, exactly or within `tolerance` of alpha: one for +-alpha, two for
 * ternary and 2-bit weights, k for k bits, one more where they are not about 0; undefined where they are
 * anything else.
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
    gridBases(weight, filters, tolerance) ??
    levelBases(weight, filters, tolerance)
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

/** A filter and its different numbers, in order. */
interface Levels {
  readonly row: Float32Array;
  readonly levels: readonly number[];
  /** How much numbers of one level may differ. */
  readonly within: number;
}

/**
 * Few different numbers a filter. Those of a two's complement, as LSQ has them, are not about 0: what is left
 * is the same for all weights of a filter, and a base whose signs are all +1.
 */
function levelBases(weight: Float32Array, filters: number, tolerance: number): Base[] | undefined {
  const elements = weight.length / filters;
  const rows: Levels[] = [];
  for (let filter = 0; filter < filters; filter++) {
    const row = weight.subarray(filter * elements, (filter + 1) * elements);
    const within = tolerance * row.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
    const levels = levelsOf(row, within);
    if (levels === undefined) return undefined;
    rows.push({ row, levels, within });
  }
  return evenBases(rows) ?? unevenBases(rows);
}

function levelsOf(row: Float32Array, within: number): number[] | undefined {
  const levels: number[] = [];
  for (const w of row) {
    if (levels.some((level) => Math.abs(w - level) <= within)) continue;
    if (levels.length === MOST_LEVELS) return undefined;
    levels.push(w);
  }
  return levels.sort((a, b) => a - b);
}

/** The bits of how many steps a weight is above the least of its filter. */
function evenBases(rows: readonly Levels[]): Base[] | undefined {
  const steps: number[] = [];
  let most = 1;
  for (const { levels, within } of rows) {
    const least = levels[0]!;
    const range = levels.at(-1)! - least;
    const gaps = levels.slice(1).map((level, at) => level - levels[at]!);
    const count = Math.round(range / Math.min(...gaps, range));
    const step = count > 0 ? range / count : 0;
    const isEven = (level: number) => {
      const above = level - least;
      return Math.abs(above - Math.round(above / step) * step) <= within;
    };
    if (count >= MOST_LEVELS || (step > 0 && !levels.every(isEven))) return undefined;
    most = Math.max(most, count || 0);
    steps.push(step);
  }
  const bits = Math.ceil(Math.log2(most + 1));
  const bases = Array.from({ length: bits }, (_, bit) => ({
    alpha: Float32Array.from(steps, (step) => step * 2 ** (bit - 1)),
    signs: signsOf(rows, ({ levels }, w, filter) => {
      const step = steps[filter]!;
      return step > 0 && ((Math.round((w - levels[0]!) / step) >> bit) & 1) === 1;
    }),
  }));
  return withRest(rows, bases, ({ levels }, at) => levels[0]! + (steps[at]! * (2 ** bits - 1)) / 2);
}

/** A base for each step from one level to the next. */
function unevenBases(rows: readonly Levels[]): Base[] | undefined {
  const most = Math.max(...rows.map(({ levels }) => levels.length));
  if (most > MOST_UNEVEN_LEVELS) return undefined;
  const half = (levels: readonly number[], at: number) =>
    ((levels[at + 1] ?? levels.at(-1)!) - (levels[at] ?? levels.at(-1)!)) / 2;
  const bases = Array.from({ length: most - 1 }, (_, at) => ({
    alpha: Float32Array.from(rows, ({ levels }) => half(levels, at)),
    signs: signsOf(
      rows,
      ({ levels }, w) => at + 1 < levels.length && w > levels[at]! + half(levels, at),
    ),
  }));
  return withRest(rows, bases, ({ levels }) => (levels[0]! + levels.at(-1)!) / 2);
}

function signsOf(
  rows: readonly Levels[],
  isPositive: (levels: Levels, w: number, filter: number) => boolean,
): Int8Array {
  const signs = new Int8Array(rows.length * rows[0]!.row.length);
  for (const [filter, levels] of rows.entries()) {
    const own = signs.subarray(filter * levels.row.length);
    for (const [at, w] of levels.row.entries()) own[at] = isPositive(levels, w, filter) ? 1 : -1;
  }
  return signs;
}

function withRest(
  rows: readonly Levels[],
  bases: readonly Base[],
  restOf: (levels: Levels, filter: number) => number,
): Base[] {
  const rest = Float32Array.from(rows, restOf);
  const isRounding = rows.every(({ levels }, filter) => {
    const largest = Math.max(...levels.map(Math.abs));
    return Math.abs(rest[filter]!) <= ROUNDING * largest;
  });
  if (isRounding) return [...bases];
  return [...bases, { alpha: rest, signs: signsOf(rows, () => true) }];
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
