/**
 * Float convolution with any kernel, stride, padding and number of groups:
 *
 *     out[o][y][x] = sum over (c, ky, kx) of w[o][c][ky][kx] * in[c][y * sy + ky - top][x * sx + kx - left]
 *
 * summed from 0 in that order, one tap after the other, in every build.
 *
 * Layout. The input is first laid out in columns, `[channel][phase][kx][row][outWidth + 1]`: element
 * (row, x) is the input at (row * sy + phase - top, x * sx + kx - left), 0 outside; a tap's phase is
 * ky mod sy. With dilation, ky and kx are so many times as far apart. Rows
 * are as far apart as those of the output's raster, so every tap of every pixel is at a constant
 * distance from the pixel, also across the ends of rows, and 32 pixels are 8 loads in a row.
 *
 * Where the stride is 1 and the output is as wide as the input, with at most one column of padding on a side,
 * the rows of the input's stream are as far apart as that already, and the column between two rows can be the padding
 * of both: then one plane a channel, `[channel][paddingTop + rows + paddingBottom][width + 1]`, after one zero
 * where there is padding on the left, has all taps. Of a 3x3 window, tap (ky, kx) is ky (width + 1) + kx further on:
 *
 *     0  0 0 0  a b 0  c d 0  0 0 0        a map of 2 x 2; of the pixel a the taps are 0 0 0, 0 a b, 0 c d
 */

import {
  epilogue,
  epilogue4,
  FLOAT32_BEND,
  FLOAT32_KNEE,
  FLOAT32_OFFSET,
  FLOAT32_PARAMETER_BYTES,
  FLOAT32_SLOPE,
  TILE_BYTES,
} from './epilogue';

/**
 * Lays a planar input out in columns, planes `planeBegin` to `planeEnd` of all channels'.
 * @param columns output, `planeBytes` a plane; what a plane has past its rows is set to 0
 * @param rows rows of a plane
 */
export function columns(
  planeBegin: i32,
  planeEnd: i32,
  planar: usize,
  columns: usize,
  planeBytes: usize,
  height: i32,
  width: i32,
  rows: i32,
  outWidth: i32,
  kernelWidth: i32,
  strideY: i32,
  strideX: i32,
  dilationX: i32,
  paddingTop: i32,
  paddingLeft: i32,
): void {
  const planes = strideY * kernelWidth;
  for (let index = planeBegin; index < planeEnd; index++) {
    const channel = index / planes;
    const plane = index % planes;
    const begin = columns + <usize>index * planeBytes;
    memory.fill(begin, 0, planeBytes);
    const shiftX = (plane % kernelWidth) * dilationX - paddingLeft;
    const shiftY = plane / kernelWidth - paddingTop;
    for (let row = 0; row < rows; row++) {
      const y = row * strideY + shiftY;
      if (y < 0 || y >= height) continue;
      const source = planar + <usize>((channel * height + y) * width) * 4;
      let target = begin + <usize>(row * (outWidth + 1)) * 4;
      const end = min(shiftX + outWidth * strideX, width);
      let x = shiftX;
      for (; x < 0; x += strideX) target += 4;
      if (ASC_FEATURE_SIMD && strideX == 2) {
        for (; x + 8 <= end; x += 8) {
          const at = source + <usize>x * 4;
          const even = v128.shuffle<f32>(v128.load(at), v128.load(at, 16), 0, 2, 4, 6);
          v128.store(target, even);
          target += 16;
        }
      }
      for (; x < end; x += strideX) {
        store<f32>(target, load<f32>(source + <usize>x * 4));
        target += 4;
      }
    }
  }
}

/**
 * Lays a stream out as one plane a channel, channels `channelBegin` to `channelEnd` of `channels`.
 * @param columns output, `planeBytes` a plane
 * @param begin bytes of zeros before a plane's first pixel
 */
export function columnsOfStream(
  channelBegin: i32,
  channelEnd: i32,
  stream: usize,
  columns: usize,
  planeBytes: usize,
  begin: usize,
  channels: i32,
  height: i32,
  width: i32,
): void {
  const row = <usize>(width + 1) * 4;
  const bytes = <usize>height * row;
  for (let channel = channelBegin; channel < channelEnd; channel++) {
    const plane = columns + <usize>channel * planeBytes;
    const first = plane + begin;
    const last = first + bytes;
    let source = stream + <usize>channel * TILE_BYTES;
    for (let target = first; target < last; target += TILE_BYTES) {
      memory.copy(target, source, TILE_BYTES);
      source += <usize>channels * TILE_BYTES;
    }
    for (let padding = first + row - 4; padding < last; padding += row) store<f32>(padding, 0);
    memory.fill(plane, 0, begin);
    memory.fill(last, 0, plane + planeBytes - last);
  }
}

/** Epilogue of 16 pixels of one output. */
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
  const knee = v128.load32_splat(parameter, FLOAT32_KNEE);
  const slope = v128.load32_splat(parameter, FLOAT32_SLOPE);
  const bend = v128.load32_splat(parameter, FLOAT32_BEND);
  const bias = v128.load32_splat(parameter, FLOAT32_OFFSET);
  v128.store(target, epilogue4(s0, v128.load(skip), knee, slope, bend, bias));
  v128.store(target, epilogue4(s1, v128.load(skip, 16), knee, slope, bend, bias), 16);
  v128.store(target, epilogue4(s2, v128.load(skip, 32), knee, slope, bend, bias), 32);
  v128.store(target, epilogue4(s3, v128.load(skip, 48), knee, slope, bend, bias), 48);
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
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  let offset = offsets;
  do {
    const tap = pixels + <usize>load<i32>(offset);
    const w = v128.load32_splat(weight);
    s0 = f32x4.add(s0, f32x4.mul(w, v128.load(tap)));
    s1 = f32x4.add(s1, f32x4.mul(w, v128.load(tap, 16)));
    s2 = f32x4.add(s2, f32x4.mul(w, v128.load(tap, 32)));
    s3 = f32x4.add(s3, f32x4.mul(w, v128.load(tap, 48)));
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
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  let r0 = f32x4.splat(0);
  let r1 = f32x4.splat(0);
  let r2 = f32x4.splat(0);
  let r3 = f32x4.splat(0);
  let offset = offsets;
  do {
    const tap = pixels + <usize>load<i32>(offset);
    const v = v128.load32_splat(weight);
    const w = v128.load32_splat(weight + next);
    const x0 = v128.load(tap);
    s0 = f32x4.add(s0, f32x4.mul(v, x0));
    r0 = f32x4.add(r0, f32x4.mul(w, x0));
    const x1 = v128.load(tap, 16);
    s1 = f32x4.add(s1, f32x4.mul(v, x1));
    r1 = f32x4.add(r1, f32x4.mul(w, x1));
    const x2 = v128.load(tap, 32);
    s2 = f32x4.add(s2, f32x4.mul(v, x2));
    r2 = f32x4.add(r2, f32x4.mul(w, x2));
    const x3 = v128.load(tap, 48);
    s3 = f32x4.add(s3, f32x4.mul(v, x3));
    r3 = f32x4.add(r3, f32x4.mul(w, x3));
    weight += 4;
    offset += 4;
  } while (offset < offsetsEnd);
  finish16(s0, s1, s2, s3, parameter, skip0, target);
  finish16(r0, r1, r2, r3, parameter + FLOAT32_PARAMETER_BYTES, skip1, target + TILE_BYTES);
}

/**
 * @param columns see above
 * @param weights `[outChannels][tapCount]` float32
 * @param offsets `[tapCount]` i32, bytes from a pixel in the group's first plane to the tap
 * @param groupBytes distance between the first planes of two groups
 * @param groupOutputs output channels of a group
 * @param parameters, skip, skipChannels, skipTileBytes, stream as in binaryPointwiseNibbles
 */
export function conv2d(
  tileBegin: i32,
  tileEnd: i32,
  columns: usize,
  weights: usize,
  offsets: usize,
  tapCount: i32,
  groupBytes: usize,
  groupOutputs: i32,
  parameters: usize,
  skip: usize,
  skipChannels: i32,
  skipTileBytes: usize,
  stream: usize,
  outChannels: i32,
): void {
  const offsetsEnd = offsets + <usize>tapCount * 4;
  const outputs = ASC_FEATURE_SIMD && groupOutputs % 2 == 0 ? 2 : 1;
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    const skipTile = skip + <usize>tile * skipTileBytes;
    for (let output = 0; output < outChannels; output += outputs) {
      const pixels = columns + <usize>(output / groupOutputs) * groupBytes + <usize>tile * 128;
      const weight = weights + <usize>(output * tapCount) * 4;
      const parameter = parameters + <usize>output * FLOAT32_PARAMETER_BYTES;
      const skip0 = skipTile + <usize>(output % skipChannels) * TILE_BYTES;
      const target = stream + <usize>(tile * outChannels + output) * TILE_BYTES;
      if (!ASC_FEATURE_SIMD) {
        for (let pixel: usize = 0; pixel < TILE_BYTES; pixel += 4) {
          let sum: f32 = 0;
          for (let tap = 0; tap < tapCount; tap++) {
            const at = <usize>load<i32>(offsets + <usize>tap * 4);
            sum += load<f32>(weight + <usize>tap * 4) * load<f32>(pixels + pixel + at);
          }
          store<f32>(target + pixel, epilogue(sum, load<f32>(skip0 + pixel), parameter));
        }
      } else if (outputs == 2) {
        const skip1 = skipTile + <usize>((output + 1) % skipChannels) * TILE_BYTES;
        for (let at: usize = 0; at < TILE_BYTES; at += 64) {
          convolve2x16(
            pixels + at, weight, offsets, offsetsEnd, parameter, skip0 + at, skip1 + at, target + at,
          );
        }
      } else {
        for (let at: usize = 0; at < TILE_BYTES; at += 64) {
          convolve1x16(
            pixels + at, weight, offsets, offsetsEnd, parameter, skip0 + at, target + at,
          );
        }
      }
    }
  }
}
