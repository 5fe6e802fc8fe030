/**
 * The end of every convolution, on the numbers while they are still in registers:
 *
 *     t = x - knee
 *     y = ((skip + offset) + slope * t) + bend * max(t, 0)
 *
 * is any function with one kink: alpha, PReLU, ReLU and batch norm folded together, plus the skip.
 * Without t, one operation less, what is small would be the difference of large numbers, and signs
 * would differ from those in training. `slope` is that left of the knee, `slope + bend` that right of
 * it. The order of the operations is the same in every build, so that every build gives the same bits.
 *
 * The sign that may follow is +1 where y > threshold; a comparison, not a look at the sign bit, since
 * sign(0) = -1.
 *
 * A stream is `[tile][channel][32]` float32 (stream.ts).
 */

// Parameters of a channel, float32, and where each is.
export const FLOAT32_KNEE: usize = 0;
export const FLOAT32_SLOPE: usize = 4;
export const FLOAT32_BEND: usize = 8;
export const FLOAT32_OFFSET: usize = 12;
export const FLOAT32_THRESHOLD: usize = 16;
export const FLOAT32_PARAMETER_BYTES: usize = 20;

const LOW_NIBBLES: usize = memory.data<u64>([0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f], 16);

/** Bytes of one channel of a tile in a stream. */
export const TILE_BYTES: usize = 128;

/** The epilogue of one number; returns y. */
// @ts-ignore: decorator
@inline
export function epilogue(x: f32, skip: f32, parameters: usize): f32 {
  const t = x - load<f32>(parameters, FLOAT32_KNEE);
  // As pmax in `epilogue4`, of NaN, too, and without a branch on something random.
  const right = select<f32>(t, 0, t > 0);
  return (
    skip +
    load<f32>(parameters, FLOAT32_OFFSET) +
    load<f32>(parameters, FLOAT32_SLOPE) * t +
    load<f32>(parameters, FLOAT32_BEND) * right
  );
}

/** The epilogue of four numbers, with the parameters already in every lane. */
// @ts-ignore: decorator
@inline
export function epilogue4(
  x: v128,
  skip: v128,
  knee: v128,
  slope: v128,
  bend: v128,
  offset: v128,
): v128 {
  const t = f32x4.sub(x, knee);
  const straight = f32x4.add(f32x4.add(skip, offset), f32x4.mul(slope, t));
  return f32x4.add(straight, f32x4.mul(bend, f32x4.pmax(f32x4.splat(0), t)));
}

/**
 * Signs of 16 numbers as bytes, 0xff for +1. Compared as numbers: the bits of NaN may be those of a
 * positive integer or not, as the machine likes.
 */
// @ts-ignore: decorator
@inline
function signs16(y0: v128, y1: v128, y2: v128, y3: v128, threshold: v128): v128 {
  return i8x16.narrow_i16x8_s(
    i16x8.narrow_i32x4_s(f32x4.gt(y0, threshold), f32x4.gt(y1, threshold)),
    i16x8.narrow_i32x4_s(f32x4.gt(y2, threshold), f32x4.gt(y3, threshold)),
  );
}

/** The epilogue of sixteen counts; returns the signs as bytes, 0xff for +1. */
// @ts-ignore: decorator
@inline
function epilogueCounts16(
  counts0: v128,
  counts1: v128,
  skip: usize,
  stream: usize,
  knee: v128,
  slope: v128,
  bend: v128,
  offset: v128,
  threshold: v128,
): v128 {
  const x0 = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(counts0));
  const y0 = epilogue4(x0, v128.load(skip), knee, slope, bend, offset);
  v128.store(stream, y0);
  const x1 = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(counts0));
  const y1 = epilogue4(x1, v128.load(skip, 16), knee, slope, bend, offset);
  v128.store(stream, y1, 16);
  const x2 = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(counts1));
  const y2 = epilogue4(x2, v128.load(skip, 32), knee, slope, bend, offset);
  v128.store(stream, y2, 32);
  const x3 = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(counts1));
  const y3 = epilogue4(x3, v128.load(skip, 48), knee, slope, bend, offset);
  v128.store(stream, y3, 48);
  return signs16(y0, y1, y2, y3, threshold);
}

/** The epilogue of a tile's counts of a channel; see `finishTile` in stream.ts. */
// @ts-ignore: decorator
@inline
export function epilogueTile(
  counts0: v128,
  counts1: v128,
  counts2: v128,
  counts3: v128,
  parameters: usize,
  skip: usize,
  stream: usize,
): v128 {
  const knee = v128.load32_splat(parameters, FLOAT32_KNEE);
  const slope = v128.load32_splat(parameters, FLOAT32_SLOPE);
  const bend = v128.load32_splat(parameters, FLOAT32_BEND);
  const offset = v128.load32_splat(parameters, FLOAT32_OFFSET);
  const threshold = v128.load32_splat(parameters, FLOAT32_THRESHOLD);
  const low = epilogueCounts16(
    counts0, counts1, skip, stream, knee, slope, bend, offset, threshold,
  );
  const high = epilogueCounts16(
    counts2, counts3, skip + 64, stream + 64,
    knee, slope, bend, offset, threshold,
  );
  return v128.bitselect(low, high, v128.load(LOW_NIBBLES));
}
