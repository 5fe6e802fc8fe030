/**
 * Float pointwise (1x1, stride 1, one group) convolution: for a tile, the product of the weights
 * `[outChannels][inChannels]` with the tile's `[inChannels][32]`, summed from 0 over channels in
 * order, in every build. Blocks of 4 outputs by 8 pixels: 8 sums, 2 loads and 4 splats a channel.
 *
 * Weights are laid out `[outChannels / 4][inChannels][4]` float32.
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

/** Epilogue of 8 pixels of one output. */
// @ts-ignore: decorator
@inline
function finish8(s0: v128, s1: v128, parameter: usize, skip: usize, target: usize): void {
  const knee = v128.load32_splat(parameter, FLOAT32_KNEE);
  const slope = v128.load32_splat(parameter, FLOAT32_SLOPE);
  const bend = v128.load32_splat(parameter, FLOAT32_BEND);
  const offset = v128.load32_splat(parameter, FLOAT32_OFFSET);
  v128.store(target, epilogue4(s0, v128.load(skip), knee, slope, bend, offset));
  v128.store(target, epilogue4(s1, v128.load(skip, 16), knee, slope, bend, offset), 16);
}

/**
 * @param input stream of `inChannels` channels
 * @param parameters, skip, skipChannels, skipTileBytes, stream as in binaryPointwiseNibbles
 * @param outChannels multiple of 4
 */
export function pointwise(
  tileBegin: i32,
  tileEnd: i32,
  input: usize,
  weights: usize,
  parameters: usize,
  skip: usize,
  skipChannels: i32,
  skipTileBytes: usize,
  stream: usize,
  inChannels: i32,
  outChannels: i32,
): void {
  const inBytes = <usize>inChannels * TILE_BYTES;
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    const skipTile = skip + <usize>tile * skipTileBytes;
    const streamTile = stream + <usize>(tile * outChannels) * TILE_BYTES;
    for (let output = 0; output < outChannels; output += 4) {
      const block = weights + <usize>(output * inChannels) * 4;
      const skip0 = skipTile + <usize>(output % skipChannels) * TILE_BYTES;
      const skip1 = skipTile + <usize>((output + 1) % skipChannels) * TILE_BYTES;
      const skip2 = skipTile + <usize>((output + 2) % skipChannels) * TILE_BYTES;
      const skip3 = skipTile + <usize>((output + 3) % skipChannels) * TILE_BYTES;
      const parameter = parameters + <usize>output * FLOAT32_PARAMETER_BYTES;
      if (ASC_FEATURE_SIMD) {
        for (let pixel: usize = 0; pixel < TILE_BYTES; pixel += 32) {
          let a = input + <usize>tile * inBytes + pixel;
          const end = a + inBytes;
          let w = block;
          let s00 = f32x4.splat(0);
          let s01 = f32x4.splat(0);
          let s10 = f32x4.splat(0);
          let s11 = f32x4.splat(0);
          let s20 = f32x4.splat(0);
          let s21 = f32x4.splat(0);
          let s30 = f32x4.splat(0);
          let s31 = f32x4.splat(0);
          do {
            const a0 = v128.load(a);
            const a1 = v128.load(a, 16);
            const w0 = v128.load32_splat(w);
            s00 = f32x4.add(s00, f32x4.mul(w0, a0));
            s01 = f32x4.add(s01, f32x4.mul(w0, a1));
            const w1 = v128.load32_splat(w, 4);
            s10 = f32x4.add(s10, f32x4.mul(w1, a0));
            s11 = f32x4.add(s11, f32x4.mul(w1, a1));
            const w2 = v128.load32_splat(w, 8);
            s20 = f32x4.add(s20, f32x4.mul(w2, a0));
            s21 = f32x4.add(s21, f32x4.mul(w2, a1));
            const w3 = v128.load32_splat(w, 12);
            s30 = f32x4.add(s30, f32x4.mul(w3, a0));
            s31 = f32x4.add(s31, f32x4.mul(w3, a1));
            a += TILE_BYTES;
            w += 16;
          } while (a < end);
          const target = streamTile + <usize>output * TILE_BYTES + pixel;
          finish8(s00, s01, parameter, skip0 + pixel, target);
          finish8(s10, s11, parameter + FLOAT32_PARAMETER_BYTES, skip1 + pixel, target + 128);
          finish8(s20, s21, parameter + 2 * FLOAT32_PARAMETER_BYTES, skip2 + pixel, target + 256);
          finish8(s30, s31, parameter + 3 * FLOAT32_PARAMETER_BYTES, skip3 + pixel, target + 384);
        }
      } else {
        for (let pixel: usize = 0; pixel < TILE_BYTES; pixel += 4) {
          let a = input + <usize>tile * inBytes + pixel;
          const end = a + inBytes;
          let w = block;
          let s0: f32 = 0;
          let s1: f32 = 0;
          let s2: f32 = 0;
          let s3: f32 = 0;
          do {
            const x = load<f32>(a);
            s0 += load<f32>(w) * x;
            s1 += load<f32>(w, 4) * x;
            s2 += load<f32>(w, 8) * x;
            s3 += load<f32>(w, 12) * x;
            a += TILE_BYTES;
            w += 16;
          } while (a < end);
          const target = streamTile + <usize>output * TILE_BYTES + pixel;
          store<f32>(target, epilogue(s0, load<f32>(skip0 + pixel), parameter));
          store<f32>(target, epilogue(s1, load<f32>(skip1 + pixel), parameter + FLOAT32_PARAMETER_BYTES), 128);
          store<f32>(target, epilogue(s2, load<f32>(skip2 + pixel), parameter + 2 * FLOAT32_PARAMETER_BYTES), 256);
          store<f32>(target, epilogue(s3, load<f32>(skip3 + pixel), parameter + 3 * FLOAT32_PARAMETER_BYTES), 384);
        }
      }
    }
  }
}
