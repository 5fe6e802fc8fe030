import { RuntimeError } from '../errors.ts';
import type { Build } from '../kernels/abi.ts';

/**
 * (module (func (result v128) i32.const 0  i8x16.splat  i8x16.popcnt))
 * Valid exactly where fixed-width SIMD is supported.
 */
const SIMD_PROBE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x0a, 0x01, 0x08, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0xfd, 0x62, 0x0b],
);

/**
 * (module (func (result v128)
 *   i32.const 0  i8x16.splat  i32.const 0  i8x16.splat  i8x16.relaxed_swizzle))
 * Valid exactly where relaxed SIMD is supported.
 */
const RELAXED_PROBE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x0f, 0x01, 0x0d, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f],
  ...[0xfd, 0x80, 0x02, 0x0b],
);

/** The builds that the engine takes, slowest first, found out by asking it. */
export type Features = readonly Build[];

/** @throws RuntimeError WASM_UNAVAILABLE where there is no WebAssembly at all */
export function probeFeatures(): Features {
  if (typeof WebAssembly !== 'object') {
    throw new RuntimeError('WASM_UNAVAILABLE', 'This engine has no WebAssembly', {
      hint: "under a Content-Security-Policy, allow 'wasm-unsafe-eval' in script-src",
    });
  }
  if (!WebAssembly.validate(SIMD_PROBE)) return ['plain'];
  return WebAssembly.validate(RELAXED_PROBE) ? ['plain', 'simd', 'relaxed'] : ['plain', 'simd'];
}

/**
 * The build to run: the wish, or for `auto` the fastest that the engine takes.
 * @throws RuntimeError WASM_UNAVAILABLE where the wish cannot be met
 */
export function chooseBuild(features: Features, wish: Build | 'auto'): Build {
  if (wish === 'auto') return features.at(-1)!;
  if (features.includes(wish)) return wish;
  throw new RuntimeError('WASM_UNAVAILABLE', `This engine cannot run the build ${wish}`, {
    hint: `it can run ${features.join(', ')}; leave \`build\` at 'auto'`,
  });
}
