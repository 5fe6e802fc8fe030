/** Which builds of the kernels the engine can run: found out by asking it, never by its name. */

import { invalidOption, RuntimeError } from '../errors.ts';
import { BUILD_TABLE, BUILDS, type Build } from '../kernels/builds.ts';

/** The builds that the engine takes, slowest first. */
export type Features = readonly Build[];

/** @throws RuntimeError WASM_UNAVAILABLE where there is no WebAssembly at all */
export function probeFeatures(): Features {
  if (typeof WebAssembly !== 'object') {
    throw new RuntimeError('WASM_UNAVAILABLE', 'This engine has no WebAssembly', {
      hint: 'it is too old, or WebAssembly is switched off (Lockdown Mode, --jitless)',
    });
  }
  return BUILDS.filter((build) => {
    const { probe } = BUILD_TABLE[build];
    return probe === undefined || WebAssembly.validate(probe);
  });
}

/**
 * The build to run: the wish, or for `auto` the fastest that the engine takes.
 * @throws RuntimeError WASM_UNAVAILABLE where the wish cannot be met; InputError INVALID_OPTION where it is no build
 */
export function chooseBuild(features: Features, wish: Build | 'auto'): Build {
  if (wish === 'auto') return features.at(-1)!;
  if (features.includes(wish)) return wish;
  if (!BUILDS.includes(wish)) throw invalidOption('build', wish, `auto, ${BUILDS.join(', ')}`);
  throw new RuntimeError('WASM_UNAVAILABLE', `This engine cannot run the build ${wish}`, {
    hint: `it can run ${features.join(', ')}; leave \`build\` at 'auto'`,
  });
}
