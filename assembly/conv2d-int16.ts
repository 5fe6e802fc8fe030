/**
 * Float convolution in 16-bit integers, for streams of int16: with the input in multiples of 2^-12
 * and each filter in multiples of its own, the sums are exact in 32 bits, whatever their order:
 *
 *     sum = sum over (c, ky, kx) of w[o][c][ky][kx] * in[c][y * sy + ky - top][x * sx + kx - left]
 *
 * src/kernels/conv2d-int16.ts keeps them below 2^31. Two taps of a row, kx and kx + 1, are one i32x4.dot_i16x8_s:
 * half the instructions of float32. The last of an odd number of taps has a weight of 0 beside it.
 *
 * Layout. The input is first laid out in pairs, `[channel][ky mod sy][pair][row][outWidth + 1][2]` int16:
 * element (row, x) of pair j is the input at (row * sy + ky mod sy - top, x * sx + 2j + 0 or 1 - left),
 * 0 outside. With sx = 2 and at most 4 taps a row, the pairs of a row are the row itself: there is one
 * plane for all pairs, and pair j of x is element x + j. Rows are as far apart as those of the output's
 * raster (conv2d.ts has why).
 */

import {
  epilogue,
  epilogue4,
  FLOAT32_BEND,
  FLOAT32_KNEE,
  FLOAT32_OFFSET,
  FLOAT32_PARAMETER_BYTES,
  FLOAT32_SLOPE,
} from './epilogue';
import { saturate, saturateFloat, saturateFloat8 } from './epilogue-int16';

const TILE_BYTES: usize = 64;

/** What the input is multiplied by. */
const UNITS_PER_ONE: f32 = 4096;

/**
 * Lays a planar input out in pairs, planes `planeBegin` to `planeEnd` of all channels'.
 * @param pairs output, `planeBytes` a plane; what a plane has past its rows is set to 0
 * @param rows rows of a plane
 * @param pairPlanes planes of a channel and row: 1 where they share one
 */
export function columnPairs(
  planeBegin: i32,
  planeEnd: i32,
  planar: usize,
  pairs: usize,
  planeBytes: usize,
  height: i32,
  width: i32,
  rows: i32,
  outWidth: i32,
  pairPlanes: i32,
  strideY: i32,
  strideX: i32,
  paddingTop: i32,
  paddingLeft: i32,
): void {
  const planes = strideY * pairPlanes;
  for (let index = planeBegin; index < planeEnd; index++) {
    const channel = index / planes;
    const plane = index % planes;
    const begin = pairs + <usize>index * planeBytes;
    memory.fill(begin, 0, planeBytes);
    const shiftX = (plane % pairPlanes) * 2 - paddingLeft;
    const shiftY = plane / pairPlanes - paddingTop;
    for (let row = 0; row < rows; row++) {
      const y = row * strideY + shiftY;
      if (y < 0 || y >= height) continue;
      const source = planar + <usize>((channel * height + y) * width) * 4;
      const target = begin + <usize>(row * (outWidth + 1)) * 4;
      if (strideX == 2) copyRow(source, target, shiftX, width, 2 * outWidth + 2);
      else copyPairs(source, target, shiftX, width, outWidth, strideX);
    }
  }
}

/** The whole row: element i is the input at i + shift. */
function copyRow(source: usize, target: usize, shift: i32, width: i32, length: i32): void {
  let i = max(0, -shift);
  const end = min(length, width - shift);
  if (ASC_FEATURE_SIMD) {
    const units = f32x4.splat(UNITS_PER_ONE);
    for (; i + 8 <= end; i += 8) {
      const at = source + <usize>(i + shift) * 4;
      v128.store(
        target + <usize>i * 2,
        saturateFloat8(f32x4.mul(v128.load(at), units), f32x4.mul(v128.load(at, 16), units)),
      );
    }
  }
  for (; i < end; i++) {
    const x = load<f32>(source + <usize>(i + shift) * 4);
    store<i16>(target + <usize>i * 2, saturateFloat(x * UNITS_PER_ONE));
  }
}

/** Pairs whose first are `stride` apart. */
function copyPairs(
  source: usize,
  target: usize,
  shift: i32,
  width: i32,
  outWidth: i32,
  stride: i32,
): void {
  for (let i = 0; i < 2 * outWidth; i++) {
    const x = (i >> 1) * stride + (i & 1) + shift;
    if (x < 0 || x >= width) continue;
    store<i16>(
      target + <usize>i * 2,
      saturateFloat(load<f32>(source + <usize>x * 4) * UNITS_PER_ONE),
    );
  }
}

/**
 * Epilogue of 16 pixels of one output: in float32, with parameters that turn the sum into units of the
 * stream; rounded; and then the skip is added.
 */
// @ts-ignore: decorator
@inline
function finish16(
  s0: v128,
  s1: v128,
  s2: v128,
  s3: v128,
  parameter: usize,
  skip: usize,
  target: usize,
): void {
  const zero = f32x4.splat(0);
  const knee = v128.load32_splat(parameter, FLOAT32_KNEE);
  const slope = v128.load32_splat(parameter, FLOAT32_SLOPE);
  const bend = v128.load32_splat(parameter, FLOAT32_BEND);
  const offset = v128.load32_splat(parameter, FLOAT32_OFFSET);
  const y0 = epilogue4(f32x4.convert_i32x4_s(s0), zero, knee, slope, bend, offset);
  const y1 = epilogue4(f32x4.convert_i32x4_s(s1), zero, knee, slope, bend, offset);
  v128.store(target, i16x8.add_sat_s(v128.load(skip), saturateFloat8(y0, y1)));
  const y2 = epilogue4(f32x4.convert_i32x4_s(s2), zero, knee, slope, bend, offset);
  const y3 = epilogue4(f32x4.convert_i32x4_s(s3), zero, knee, slope, bend, offset);
  v128.store(target, i16x8.add_sat_s(v128.load(skip, 16), saturateFloat8(y2, y3)), 16);
}

/** One output, 16 pixels: 4 sums. */
// @ts-ignore: decorator
@inline
function convolve1x16(
  pixels: usize,
  weight: usize,
  offsets: usize,
  offsetsEnd: usize,
  parameter: usize,
  skip: usize,
  target: usize,
): void {
  let s0 = i64x2.splat(0);
  let s1 = i64x2.splat(0);
  let s2 = i64x2.splat(0);
  let s3 = i64x2.splat(0);
  let offset = offsets;
  do {
    const pair = pixels + <usize>load<i32>(offset);
    const w = v128.load32_splat(weight);
    s0 = i32x4.add(s0, i32x4.dot_i16x8_s(w, v128.load(pair)));
    s1 = i32x4.add(s1, i32x4.dot_i16x8_s(w, v128.load(pair, 16)));
    s2 = i32x4.add(s2, i32x4.dot_i16x8_s(w, v128.load(pair, 32)));
    s3 = i32x4.add(s3, i32x4.dot_i16x8_s(w, v128.load(pair, 48)));
    weight += 4;
    offset += 4;
  } while (offset < offsetsEnd);
  finish16(s0, s1, s2, s3, parameter, skip, target);
}

/** Two outputs of one group, 16 pixels: 8 sums, more would not stay in registers. */
// @ts-ignore: decorator
@inline
function convolve2x16(
  pixels: usize,
  weight: usize,
  offsets: usize,
  offsetsEnd: usize,
  parameter: usize,
  skip0: usize,
  skip1: usize,
  target: usize,
): void {
  const next = offsetsEnd - offsets;
  let s0 = i64x2.splat(0);
  let s1 = i64x2.splat(0);
  let s2 = i64x2.splat(0);
  let s3 = i64x2.splat(0);
  let r0 = i64x2.splat(0);
  let r1 = i64x2.splat(0);
  let r2 = i64x2.splat(0);
  let r3 = i64x2.splat(0);
  let offset = offsets;
  do {
    const pair = pixels + <usize>load<i32>(offset);
    const v = v128.load32_splat(weight);
    const w = v128.load32_splat(weight + next);
    const x0 = v128.load(pair);
    s0 = i32x4.add(s0, i32x4.dot_i16x8_s(v, x0));
    r0 = i32x4.add(r0, i32x4.dot_i16x8_s(w, x0));
    const x1 = v128.load(pair, 16);
    s1 = i32x4.add(s1, i32x4.dot_i16x8_s(v, x1));
    r1 = i32x4.add(r1, i32x4.dot_i16x8_s(w, x1));
    const x2 = v128.load(pair, 32);
    s2 = i32x4.add(s2, i32x4.dot_i16x8_s(v, x2));
    r2 = i32x4.add(r2, i32x4.dot_i16x8_s(w, x2));
    const x3 = v128.load(pair, 48);
    s3 = i32x4.add(s3, i32x4.dot_i16x8_s(v, x3));
    r3 = i32x4.add(r3, i32x4.dot_i16x8_s(w, x3));
    weight += 4;
    offset += 4;
  } while (offset < offsetsEnd);
  finish16(s0, s1, s2, s3, parameter, skip0, target);
  finish16(r0, r1, r2, r3, parameter + FLOAT32_PARAMETER_BYTES, skip1, target + TILE_BYTES);
}

/**
 * @param pairs see above
 * @param weights `[outChannels][pairCount][2]` int16
 * @param offsets `[pairCount]` i32, bytes from a pixel in the group's first plane to the pair
 * @param groupBytes distance between the first planes of two groups
 * @param groupOutputs output channels of a group
 * @param parameters `[outChannels][5]` float32 (epilogue.ts)
 * @param skip, skipChannels, skipTileBytes, stream as in binaryPointwiseNibblesInt16
 */
export function conv2dInt16(
  tileBegin: i32,
  tileEnd: i32,
  pairs: usize,
  weights: usize,
  offsets: usize,
  pairCount: i32,
  groupBytes: usize,
  groupOutputs: i32,
  parameters: usize,
  skip: usize,
  skipChannels: i32,
  skipTileBytes: usize,
  stream: usize,
  outChannels: i32,
): void {
  const offsetsEnd = offsets + <usize>pairCount * 4;
  const outputs = ASC_FEATURE_SIMD && groupOutputs % 2 == 0 ? 2 : 1;
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    const skipTile = skip + <usize>tile * skipTileBytes;
    for (let output = 0; output < outChannels; output += outputs) {
      const pixels = pairs + <usize>(output / groupOutputs) * groupBytes + <usize>tile * 128;
      const weight = weights + <usize>(output * pairCount) * 4;
      const parameter = parameters + <usize>output * FLOAT32_PARAMETER_BYTES;
      const skip0 = skipTile + <usize>(output % skipChannels) * TILE_BYTES;
      const target = stream + <usize>(tile * outChannels + output) * TILE_BYTES;
      if (!ASC_FEATURE_SIMD) {
        for (let pixel: usize = 0; pixel < 32; pixel++) {
          let sum = 0;
          for (let pair = 0; pair < pairCount; pair++) {
            const w = weight + <usize>pair * 4;
            const x = pixels + pixel * 4 + <usize>load<i32>(offsets + <usize>pair * 4);
            sum += <i32>load<i16>(w) * <i32>load<i16>(x);
            sum += <i32>load<i16>(w, 2) * <i32>load<i16>(x, 2);
          }
          const y: i32 = saturateFloat(epilogue(<f32>sum, 0, parameter));
          store<i16>(target + pixel * 2, saturate(<i32>load<i16>(skip0 + pixel * 2) + y));
        }
      } else if (outputs == 2) {
        const skip1 = skipTile + <usize>((output + 1) % skipChannels) * TILE_BYTES;
        for (let pixel: usize = 0; pixel < 32; pixel += 16) {
          const at = pixel * 2;
          convolve2x16(
            pixels + pixel * 4, weight, offsets, offsetsEnd, parameter, skip0 + at, skip1 + at,
            target + at,
          );
        }
      } else {
        for (let pixel: usize = 0; pixel < 32; pixel += 16) {
          const at = pixel * 2;
          convolve1x16(
            pixels + pixel * 4, weight, offsets, offsetsEnd, parameter, skip0 + at, target + at,
          );
        }
      }
    }
  }
}
