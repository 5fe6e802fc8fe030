/**
 * Grouped 3x3 binary convolution, stride 1, padding 1, with 1, 2, 4, 8 or 16 channels a group
 * (K = 0..4), by table look-up, 32 pixels and two outputs at a time.
 *
 * Mathematics. Four channels of a pixel are one index a, 0..15. For each tap and pair of outputs
 * (o, o + 1) a table of 16 bytes, made from the weights, gives how many of the group's channels
 * differ, o in the low and o + 1 in the high nibble:
 *
 *     T[a] = popcount((a xor w_o) and group_o) | popcount((a xor w_o+1) and group_o+1) << 4
 *
 * A row of three taps sums to at most 12 a nibble: g. With c = sum of g modulo 256 and h = sum of
 * (g >> 4), h are the counts of o + 1 and c - (h << 4) modulo 256 those of o: at most 144 taps.
 *
 * Exact zero padding. Bits outside the picture are 0, so a tap there adds popcount(w), where a tap
 * that counts nothing would add half the group's channels. The difference, summed over the taps
 * outside, depends only on the output and on which borders the pixel touches: a signed byte
 * `corrections[output][border]`, border = top | bottom << 1 | left << 2 | right << 3, added by one
 * more look-up. With one channel a group (K = 0) the tables hold doubled counts, so that the half
 * is a whole number. So, after the correction, dot = taps - 2x, or taps - x for K = 0.
 *
 * Memory. Activations: planes (sign.ts); a tap is an unaligned load at -1, 0, +1 and -row, 0, +row.
 * Tables: `[pair][step][3][16]` bytes, a step being one row of taps on one plane; `offsets[step]` is
 * the i32 distance of the step's left tap from the pixel in the group's first plane. Output signs:
 * nibbles. The loop over steps is short on purpose: V8 spills long bodies.
 */

import { lookUp16 } from './look-up';
import { finishTile, parameterBytes, tileBytes } from './stream';

const LOW_NIBBLES: usize = memory.data<u64>([0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f], 16);
const HIGH_NIBBLES: usize = memory.data<u64>([0xf0f0f0f0f0f0f0f0, 0xf0f0f0f0f0f0f0f0], 16);
const ONES: usize = memory.data<u64>([0x1111111111111111, 0x1111111111111111], 16);

/** Sum of three taps' look-ups in the 16 pixels from `pixels` on. */
// @ts-ignore: decorator
@inline
function lookUpRow(left: v128, middle: v128, right: v128, pixels: usize): v128 {
  return i8x16.add(
    i8x16.add(
      lookUp16(left, v128.load(pixels)),
      lookUp16(middle, v128.load(pixels, 1)),
    ),
    lookUp16(right, v128.load(pixels, 2)),
  );
}

/** Epilogue and signs, as nibbles, of one output's 32 byte counts. */
// @ts-ignore: decorator
@inline
function finish<T>(
  low: v128,
  high: v128,
  parameters: usize,
  skip: usize,
  stream: usize,
): v128 {
  const signs = finishTile<T>(
    i16x8.extend_low_i8x16_u(low),
    i16x8.extend_high_i8x16_u(low),
    i16x8.extend_low_i8x16_u(high),
    i16x8.extend_high_i8x16_u(high),
    parameters, skip, stream,
  );
  return v128.and(signs, v128.load(ONES));
}

/**
 * A unit of work is the 2 * `pairsPerStep` outputs of a tile that read the same planes.
 * @param planes address of pixel 0 of the first plane
 * @param tables, corrections, offsets see above
 * @param borders `[pixel]` bytes, 0..15
 * @param parameters of the epilogue, `[channels]`
 * @param skip stream of `channels` channels
 * @param skipTileBytes distance between its tiles; 0 (with `skipChannelBytes` 0) to read zeros
 * @param stream output, `[tile][channels][32]`; may be `skip`
 * @param streamTileBytes distance between its tiles; 0 where only the signs are wanted
 * @param signs output, nibbles `[tile][channels][16]`
 * @param pairsPerStep pairs of outputs that read the same planes
 * @param planesPerStep planes that they read
 * @param channels multiple of 4
 */
// @ts-ignore: decorator
@inline
export function binaryGrouped3x3Planes<T>(
  begin: i32,
  end: i32,
  planes: usize,
  planeBytes: usize,
  tables: usize,
  offsets: usize,
  stepCount: i32,
  corrections: usize,
  borders: usize,
  parameters: usize,
  skip: usize,
  skipChannelBytes: usize,
  skipTileBytes: usize,
  stream: usize,
  streamTileBytes: usize,
  signs: usize,
  pairsPerStep: i32,
  planesPerStep: i32,
  channels: i32,
): void {
  const lowNibbles = v128.load(LOW_NIBBLES);
  const highNibbles = v128.load(HIGH_NIBBLES);
  const offsetsEnd = offsets + <usize>stepCount * 4;
  const unitChannels = 2 * pairsPerStep;
  const unitsPerTile = channels / unitChannels;
  const tileEnd = (end + unitsPerTile - 1) / unitsPerTile;
  for (let tile = begin / unitsPerTile; tile < tileEnd; tile++) {
    const unitBegin = max(begin - tile * unitsPerTile, 0);
    const unitEnd = min(end - tile * unitsPerTile, unitsPerTile);
    const first = <usize>(unitBegin * unitChannels);
    let pixels = planes + <usize>tile * 32 + planeBytes * <usize>(unitBegin * planesPerStep);
    let table = tables + <usize>(unitBegin * pairsPerStep * stepCount) * 48;
    let correction = corrections + first * 16;
    let parameter = parameters + first * parameterBytes<T>();
    let skipAt = skip + <usize>tile * skipTileBytes + first * skipChannelBytes;
    let streamAt = stream + <usize>tile * streamTileBytes + first * tileBytes<T>();
    let signsAt = signs + (<usize>(tile * channels) + first) * 16;
    const bordersLow = v128.load(borders + <usize>tile * 32);
    const bordersHigh = v128.load(borders + <usize>tile * 32, 16);
    for (let unit = unitBegin; unit < unitEnd; unit++) {
      for (let pair = 0; pair < pairsPerStep; pair++) {
        let sum0 = i64x2.splat(0);
        let sum1 = i64x2.splat(0);
        let high0 = i64x2.splat(0);
        let high1 = i64x2.splat(0);
        let step = offsets;
        do {
          const row = pixels + <usize>load<i32>(step);
          const left = v128.load(table);
          const middle = v128.load(table, 16);
          const right = v128.load(table, 32);
          const g0 = lookUpRow(left, middle, right, row);
          sum0 = i8x16.add(sum0, g0);
          high0 = i8x16.add(high0, v128.and(i16x8.shr_u(g0, 4), lowNibbles));
          const g1 = lookUpRow(left, middle, right, row + 16);
          sum1 = i8x16.add(sum1, g1);
          high1 = i8x16.add(high1, v128.and(i16x8.shr_u(g1, 4), lowNibbles));
          table += 48;
          step += 4;
        } while (step < offsetsEnd);
        const even = v128.load(correction);
        const odd = v128.load(correction, 16);
        correction += 32;
        sum0 = i8x16.sub(sum0, v128.and(i16x8.shl(high0, 4), highNibbles));
        sum1 = i8x16.sub(sum1, v128.and(i16x8.shl(high1, 4), highNibbles));
        v128.store(
          signsAt,
          finish<T>(
            i8x16.add(sum0, lookUp16(even, bordersLow)),
            i8x16.add(sum1, lookUp16(even, bordersHigh)),
            parameter, skipAt, streamAt,
          ),
        );
        skipAt += skipChannelBytes;
        streamAt += tileBytes<T>();
        parameter += parameterBytes<T>();
        v128.store(
          signsAt,
          finish<T>(
            i8x16.add(high0, lookUp16(odd, bordersLow)),
            i8x16.add(high1, lookUp16(odd, bordersHigh)),
            parameter, skipAt, streamAt,
          ),
          16,
        );
        skipAt += skipChannelBytes;
        streamAt += tileBytes<T>();
        parameter += parameterBytes<T>();
        signsAt += 32;
      }
      pixels += planeBytes * <usize>planesPerStep;
    }
  }
}
