/**
 * The same numbers in every engine: plain arithmetic, no randomness.
 * @param {number} length
 */
export function fixedInput(length) {
  return Float32Array.from({ length }, (_, index) => ((index * 7919) % 2003) / 500 - 2);
}

/**
 * Bits of float32 numbers.
 * @param {ArrayLike<number>} numbers
 */
export function bitsOf(numbers) {
  return new Uint32Array(Float32Array.from(numbers).buffer);
}
