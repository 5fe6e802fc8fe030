/**
 * A baseline for the benchmark, not part of the package: pointwise xor and population count by
 * i8x16.popcnt, blocks of 2 pixels by 4 outputs, counts kept in bytes until the end of a filter.
 *
 * Activations and weights: `[pixel or output][vector]`, 128 channels a vector. Counts: `[pixel][output]`
 * u16. A filter has at most 31 vectors, so that no byte overflows.
 */

// @ts-expect-error: decorator
@inline
function total(bytes: v128): u16 {
  const pairs = i16x8.extadd_pairwise_i8x16_u(bytes);
  const fours = i32x4.extadd_pairwise_i16x8_u(pairs);
  const halves = i32x4.add(fours, v128.shuffle<i64>(fours, fours, 1, 0));
  return <u16>(i32x4.extract_lane(halves, 0) + i32x4.extract_lane(halves, 1));
}

// @ts-expect-error: decorator
@inline
function step(sum: v128, a: v128, w: v128): v128 {
  return i8x16.add(sum, i8x16.popcnt(v128.xor(a, w)));
}

/**
 * @param pixels even
 * @param outputs multiple of 4
 */
export function pointwisePopcnt(
  activations: usize,
  weights: usize,
  counts: usize,
  pixels: i32,
  outputs: i32,
  vectors: i32,
): void {
  const rowBytes = <usize>vectors * 16;
  for (let output = 0; output < outputs; output += 4) {
    for (let pixel = 0; pixel < pixels; pixel += 2) {
      let a = activations + <usize>pixel * rowBytes;
      let w = weights + <usize>output * rowBytes;
      const end = a + rowBytes;
      let s00 = i64x2.splat(0);
      let s01 = i64x2.splat(0);
      let s02 = i64x2.splat(0);
      let s03 = i64x2.splat(0);
      let s10 = i64x2.splat(0);
      let s11 = i64x2.splat(0);
      let s12 = i64x2.splat(0);
      let s13 = i64x2.splat(0);
      do {
        const a0 = v128.load(a);
        const a1 = v128.load(a + rowBytes);
        const w0 = v128.load(w);
        const w1 = v128.load(w + rowBytes);
        s00 = step(s00, a0, w0);
        s10 = step(s10, a1, w0);
        s01 = step(s01, a0, w1);
        s11 = step(s11, a1, w1);
        const w2 = v128.load(w + 2 * rowBytes);
        const w3 = v128.load(w + 3 * rowBytes);
        s02 = step(s02, a0, w2);
        s12 = step(s12, a1, w2);
        s03 = step(s03, a0, w3);
        s13 = step(s13, a1, w3);
        a += 16;
        w += 16;
      } while (a < end);
      const target = counts + (<usize>pixel * <usize>outputs + <usize>output) * 2;
      store<u16>(target, total(s00));
      store<u16>(target, total(s01), 2);
      store<u16>(target, total(s02), 4);
      store<u16>(target, total(s03), 6);
      const next = target + <usize>outputs * 2;
      store<u16>(next, total(s10));
      store<u16>(next, total(s11), 2);
      store<u16>(next, total(s12), 4);
      store<u16>(next, total(s13), 6);
    }
  }
}
