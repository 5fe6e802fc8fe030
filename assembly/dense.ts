/**
 * Fully connected layer on a vector: out[o] = scale[o] * (sum over i of w[o][i] * x[i]) + bias[o],
 * summed from 0 in order of i, in every build. Outputs are the lanes, so that a sum stays in its
 * lane: weights are laid out `[block][inChannels][16]`, a block being 16 outputs, so that they are
 * read in one run.
 */

/** Four outputs more. */
// @ts-ignore: decorator
@inline
function multiplyAdd(sum: v128, weight: v128, x: v128): v128 {
  return f32x4.add(sum, f32x4.mul(weight, x));
}

/** scale * sum + bias of four outputs. */
// @ts-ignore: decorator
@inline
function finish4(sum: v128, scales: usize, biases: usize, out: usize): void {
  v128.store(out, f32x4.add(f32x4.mul(sum, v128.load(scales)), v128.load(biases)));
}

/**
 * Blocks `blockBegin` to `blockEnd` of 16 outputs.
 * @param weights float32
 * @param scales, biases, out `[blocks * 16]` float32
 */
export function dense(
  blockBegin: i32,
  blockEnd: i32,
  input: usize,
  weights: usize,
  scales: usize,
  biases: usize,
  out: usize,
  inChannels: i32,
): void {
  const end = input + <usize>inChannels * 4;
  for (let block = blockBegin; block < blockEnd; block++) {
    const first = <usize>block * 64;
    if (ASC_FEATURE_SIMD) {
      let w = weights + first * inChannels;
      let s0 = f32x4.splat(0);
      let s1 = f32x4.splat(0);
      let s2 = f32x4.splat(0);
      let s3 = f32x4.splat(0);
      for (let at = input; at < end; at += 4) {
        const x = v128.load32_splat(at);
        s0 = multiplyAdd(s0, v128.load(w), x);
        s1 = multiplyAdd(s1, v128.load(w, 16), x);
        s2 = multiplyAdd(s2, v128.load(w, 32), x);
        s3 = multiplyAdd(s3, v128.load(w, 48), x);
        w += 64;
      }
      finish4(s0, scales + first, biases + first, out + first);
      finish4(s1, scales + first + 16, biases + first + 16, out + first + 16);
      finish4(s2, scales + first + 32, biases + first + 32, out + first + 32);
      finish4(s3, scales + first + 48, biases + first + 48, out + first + 48);
    } else {
      for (let lane: usize = 0; lane < 64; lane += 4) {
        const at = first + lane;
        let w = weights + first * inChannels + lane;
        let sum: f32 = 0;
        for (let x = input; x < end; x += 4) {
          sum += load<f32>(w) * load<f32>(x);
          w += 64;
        }
        store<f32>(out + at, sum * load<f32>(scales + at) + load<f32>(biases + at));
      }
    }
  }
}

/** The same with 8-bit weights. */
export function denseInt8(
  blockBegin: i32,
  blockEnd: i32,
  input: usize,
  weights: usize,
  scales: usize,
  biases: usize,
  out: usize,
  inChannels: i32,
): void {
  const end = input + <usize>inChannels * 4;
  for (let block = blockBegin; block < blockEnd; block++) {
    const first = <usize>block * 64;
    if (ASC_FEATURE_SIMD) {
      let w = weights + <usize>(block * inChannels) * 16;
      let s0 = f32x4.splat(0);
      let s1 = f32x4.splat(0);
      let s2 = f32x4.splat(0);
      let s3 = f32x4.splat(0);
      for (let at = input; at < end; at += 4) {
        const x = v128.load32_splat(at);
        const bytes = v128.load(w);
        const low = i16x8.extend_low_i8x16_s(bytes);
        const high = i16x8.extend_high_i8x16_s(bytes);
        s0 = multiplyAdd(s0, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(low)), x);
        s1 = multiplyAdd(s1, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(low)), x);
        s2 = multiplyAdd(s2, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(high)), x);
        s3 = multiplyAdd(s3, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(high)), x);
        w += 16;
      }
      finish4(s0, scales + first, biases + first, out + first);
      finish4(s1, scales + first + 16, biases + first + 16, out + first + 16);
      finish4(s2, scales + first + 32, biases + first + 32, out + first + 32);
      finish4(s3, scales + first + 48, biases + first + 48, out + first + 48);
    } else {
      for (let lane = 0; lane < 16; lane++) {
        const at = first + <usize>lane * 4;
        let w = weights + <usize>(block * inChannels * 16 + lane);
        let sum: f32 = 0;
        for (let x = input; x < end; x += 4) {
          sum += <f32>load<i8>(w) * load<f32>(x);
          w += 16;
        }
        store<f32>(out + at, sum * load<f32>(scales + at) + load<f32>(biases + at));
      }
    }
  }
}
