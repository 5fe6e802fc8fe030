/**
 * Sixteen look-ups in a table of sixteen bytes; every index must be below 16. Then the relaxed
 * instruction, which is one on x64 where the strict one is two, gives the same on every machine.
 */
// @ts-ignore: decorator
@inline
export function lookUp16(table: v128, indices: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(table, indices);
  return i8x16.swizzle(table, indices);
}
