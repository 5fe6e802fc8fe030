/**
 * One number in, one number out: what is left of batch norm, affine, PReLU, ReLU and addition where
 * it could not be folded into a convolution. Same epilogue, same order of operations.
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
 * Epilogue of a stream, a channel at a time.
 * @param parameters, skip, skipChannels, skipTileBytes as in binaryPointwiseNibbles
 * @param stream output; may be `input`
 */
export function mapChannels(
  tileBegin: i32,
  tileEnd: i32,
  input: usize,
  parameters: usize,
  skip: usize,
  skipChannels: i32,
  skipTileBytes: usize,
  stream: usize,
  channels: i32,
): void {
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    let source = input + <usize>(tile * channels) * TILE_BYTES;
    let target = stream + <usize>(tile * channels) * TILE_BYTES;
    const skipTile = skip + <usize>tile * skipTileBytes;
    for (let channel = 0; channel < channels; channel++) {
      const parameter = parameters + <usize>channel * FLOAT32_PARAMETER_BYTES;
      const skipAt = skipTile + <usize>(channel % skipChannels) * TILE_BYTES;
      if (ASC_FEATURE_SIMD) {
        const knee = v128.load32_splat(parameter, FLOAT32_KNEE);
        const slope = v128.load32_splat(parameter, FLOAT32_SLOPE);
        const bend = v128.load32_splat(parameter, FLOAT32_BEND);
        const offset = v128.load32_splat(parameter, FLOAT32_OFFSET);
        for (let at: usize = 0; at < TILE_BYTES; at += 16) {
          const x = v128.load(source + at);
          const s = v128.load(skipAt + at);
          v128.store(target + at, epilogue4(x, s, knee, slope, bend, offset));
        }
      } else {
        for (let at: usize = 0; at < TILE_BYTES; at += 4) {
          const y = epilogue(load<f32>(source + at), load<f32>(skipAt + at), parameter);
          store<f32>(target + at, y);
        }
      }
      source += TILE_BYTES;
      target += TILE_BYTES;
    }
  }
}

/** Epilogue of elements `begin` to `end` of a vector, each with parameters and skip of its own. */
export function mapVector(
  begin: i32,
  end: i32,
  input: usize,
  parameters: usize,
  skip: usize,
  out: usize,
): void {
  for (let i = begin; i < end; i++) {
    const at = <usize>i * 4;
    const parameter = parameters + <usize>i * FLOAT32_PARAMETER_BYTES;
    store<f32>(out + at, epilogue(load<f32>(input + at), load<f32>(skip + at), parameter));
  }
}

/** min(max(x, low), high) of float32 `begin` to `end`, in any layout. */
export function clamp(begin: i32, end: i32, input: usize, out: usize, low: f32, high: f32): void {
  for (let i = begin; i < end; i++) {
    const x = load<f32>(input + <usize>i * 4);
    const y = x > low ? x : low;
    store<f32>(out + <usize>i * 4, y < high ? y : high);
  }
}
