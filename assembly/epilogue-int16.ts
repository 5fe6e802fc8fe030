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
 * unit of the stream. src/kernels/fixed-point.ts makes the parameters and keeps t and product within int16.
 *
 * No slope is -2^15. The sign that may follow is +1 where y > threshold.
 *
 * A stream is `[tile][channel][32]` int16.
 */

// Parameters of a channel, int16, and where each is; the last two are unused.
export const INT16_SCALE: usize = 0;
export const INT16_KNEE: usize = 2;
/** The slope left of the knee. */
export const INT16_LEFT: usize = 4;
/** The slopes left and right of it, by exclusive or. */
export const INT16_TURN: usize = 6;
export const INT16_OFFSET: usize = 8;
export const INT16_THRESHOLD: usize = 10;
export const INT16_PARAMETER_BYTES: usize = 16;

const LOW_NIBBLES: usize = memory.data<u64>([0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f], 16);

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
  const scaled = x * load<i16>(parameters, INT16_SCALE);
  const t: i32 = <i16>(scaled - load<i16>(parameters, INT16_KNEE));
  const left: i32 = load<i16>(parameters, INT16_LEFT);
  const slope: i32 = t > 0 ? left ^ <i32>load<i16>(parameters, INT16_TURN) : left;
  const product = (t * slope + 0x4000) >> 15;
  const unit = saturate(<i32>load<i16>(parameters, INT16_OFFSET) + product);
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
  turn: v128,
  offset: v128,
): v128 {
  const t = i16x8.sub(i16x8.mul(counts, scale), knee);
  const slope = v128.xor(left, v128.and(i16x8.gt_s(t, i64x2.splat(0)), turn));
  return i16x8.add_sat_s(skip, i16x8.add_sat_s(offset, multiplyQ15(t, slope)));
}

/** The epilogue of sixteen counts; returns the signs as bytes, 0xff for +1. */
// @ts-ignore: decorator
@inline
function epilogueCounts16(
  counts0: v128,
  counts1: v128,
  skip: usize,
  stream: usize,
  scale: v128,
  knee: v128,
  left: v128,
  turn: v128,
  offset: v128,
  threshold: v128,
): v128 {
  const y0 = epilogue8(counts0, v128.load(skip), scale, knee, left, turn, offset);
  v128.store(stream, y0);
  const y1 = epilogue8(counts1, v128.load(skip, 16), scale, knee, left, turn, offset);
  v128.store(stream, y1, 16);
  return i8x16.narrow_i16x8_s(i16x8.gt_s(y0, threshold), i16x8.gt_s(y1, threshold));
}

/** The epilogue of a tile's counts of a channel; see `finishTile` in stream.ts. */
// @ts-ignore: decorator
@inline
export function epilogueTileInt16(
  counts0: v128,
  counts1: v128,
  counts2: v128,
  counts3: v128,
  parameters: usize,
  skip: usize,
  stream: usize,
): v128 {
  const scale = v128.load16_splat(parameters, INT16_SCALE);
  const knee = v128.load16_splat(parameters, INT16_KNEE);
  const left = v128.load16_splat(parameters, INT16_LEFT);
  const turn = v128.load16_splat(parameters, INT16_TURN);
  const offset = v128.load16_splat(parameters, INT16_OFFSET);
  const threshold = v128.load16_splat(parameters, INT16_THRESHOLD);
  const low = epilogueCounts16(
    counts0, counts1, skip, stream, scale, knee, left, turn, offset, threshold,
  );
  const high = epilogueCounts16(
    counts2, counts3, skip + 32, stream + 32, scale, knee, left, turn, offset, threshold,
  );
  return v128.bitselect(low, high, v128.load(LOW_NIBBLES));
}
