/** The same numbers in every engine: plain arithmetic, no randomness. */
export function fixedInput(length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => ((index * 7919) % 2003) / 500 - 2);
}

/** Bits of float32 numbers. */
export function bitsOf(numbers: ArrayLike<number>): Uint32Array {
  return new Uint32Array(Float32Array.from(numbers).buffer);
}
