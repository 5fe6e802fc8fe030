/**
 * The epilogue of epilogue.ts in 16-bit integers, for streams of fixed point: a stream's number is a
 * multiple of 2^-fraction, kept as int16. Half the bytes, twice the numbers in a register, and the
 * same on every machine whatever the order of operations. Of a count x, with t within int16,
 *
 *     t = scale * x - knee
 *     product = (t * slope + 2^14) >> 15, slope = t > 0 ? right : left
 *     y = saturate(skip + saturate(offset + product))
 *
 * `scale` spreads the counts over int16, so that the product's rounding is all that is lost: half a
 * unit of the stream. src/plan/fixed-point.ts makes the parameters and keeps t and product within int16.
 *
 * Parameters of a channel, eight int16: scale, knee, left, left xor right, offset, threshold, 0, 0. No
 * slope is -2^15. The sign that may follow is +1 where y > threshold.
 *
 * A stream is `[tile][channel][32]` int16.
 */

/** Bytes of a channel's parameters. */
export const PARAMETER_BYTES_INT16: usize = 16;

/** The nearest int16. */
// @ts-ignore: decorator
@inline
export function saturate(x: i32): i16 {
  return <i16>max(-32768, min(32767, x));
}

/** The nearest int16, halves to even. */
// @ts-ignore: decorator
@inline
export function saturateFloat(x: f32): i16 {
  return <i16><i32>max<f32>(-32768, min<f32>(32767, nearest<f32>(x)));
}

/** The nearest int16 of eight float32, halves to even. */
// @ts-ignore: decorator
@inline
export function saturateFloat8(x0: v128, x1: v128): v128 {
  return i16x8.narrow_i32x4_s(
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(x0)),
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(x1)),
  );
}

/** The epilogue of one count; returns y. */
// @ts-ignore: decorator
@inline
export function epilogueInt16(x: i32, skip: i16, parameters: usize): i16 {
  const t: i32 = <i16>(x * load<i16>(parameters) - load<i16>(parameters, 2));
  const left: i32 = load<i16>(parameters, 4);
  const slope: i32 = t > 0 ? left ^ <i32>load<i16>(parameters, 6) : left;
  const product = (t * slope + 0x4000) >> 15;
  const unit = saturate(<i32>load<i16>(parameters, 8) + product);
  return saturate(<i32>skip + <i32>unit);
}

/** Products of Q15 numbers, rounded; the relaxed instruction differs only where both are -2^15. */
// @ts-ignore: decorator
@inline
function multiplyQ15(a: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i16x8.relaxed_q15mulr_s(a, b);
  return i16x8.q15mulr_sat_s(a, b);
}

/** The epilogue of eight counts, with the parameters already in every lane. */
// @ts-ignore: decorator
@inline
function epilogue8(
  counts: v128,
  skip: v128,
  scale: v128,
  knee: v128,
  left: v128,
  bend: v128,
  offset: v128,
): v128 {
  const t = i16x8.sub(i16x8.mul(counts, scale), knee);
  const slope = v128.xor(left, v128.and(i16x8.gt_s(t, i64x2.splat(0)), bend));
  return i16x8.add_sat_s(skip, i16x8.add_sat_s(offset, multiplyQ15(t, slope)));
}

/**
 * The epilogue of sixteen counts: adds the skip, stores y, returns the signs as bytes (0xff for +1).
 * @param counts0 of pixels 0..7, u16x8
 * @param counts1 of pixels 8..15, u16x8
 * @param skip address of 16 int16
 * @param stream address of 16 int16, may be `skip`
 */
// @ts-ignore: decorator
@inline
export function epilogueCounts16Int16(
  counts0: v128,
  counts1: v128,
  skip: usize,
  stream: usize,
  scale: v128,
  knee: v128,
  left: v128,
  bend: v128,
  offset: v128,
  threshold: v128,
): v128 {
  const y0 = epilogue8(counts0, v128.load(skip), scale, knee, left, bend, offset);
  v128.store(stream, y0);
  const y1 = epilogue8(counts1, v128.load(skip, 16), scale, knee, left, bend, offset);
  v128.store(stream, y1, 16);
  return i8x16.narrow_i16x8_s(i16x8.gt_s(y0, threshold), i16x8.gt_s(y1, threshold));
}
