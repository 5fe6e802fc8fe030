/** Random numbers that are the same in every run. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Whole number in [0, below). */
  below(limit: number): number;
  /** Multiple of 1/8 in [-4, 4): sums and products of few of them are exact in float32. */
  eighth(): number;
  floats(length: number, make: () => number): Float32Array;
}

/** Mulberry32. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    below: (limit) => Math.floor(next() * limit),
    eighth: () => Math.floor(next() * 64 - 32) / 8,
    floats: (length, make) => Float32Array.from({ length }, make),
  };
}
