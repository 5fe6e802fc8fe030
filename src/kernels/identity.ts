/** What a binary of the kernels says of itself: which build it is, and for which scripts. */

import { RuntimeError } from '../errors.ts';
import { ABI_DIGEST } from './abi.ts';
import { BUILDS, type Build } from './builds.ts';

export interface Identity {
  readonly build: Build;
  /** Whether it works in shared memory: on several threads. */
  readonly shared: boolean;
  /** ABI_DIGEST of the sources that it was compiled from. */
  readonly abi: string;
  /** Digest of those sources; for the tests: kernels of other sources would be tested in vain. */
  readonly sources: string;
}

/** The custom section that build/identity.js writes. */
const SECTION = 'mobinet';

/** @throws RuntimeError WASM_INVALID where it is not of this package, or of another version of it */
export function identityOf(module: WebAssembly.Module): Identity {
  const [section] = WebAssembly.Module.customSections(module, SECTION);
  if (section === undefined) {
    throw new RuntimeError('WASM_INVALID', 'The WebAssembly module is not one of this package', {
      hint: `pass one of ${BUILDS.map((build) => `mobinet.${build}.wasm`).join(', ')}`,
    });
  }
  const identity: Identity = JSON.parse(new TextDecoder().decode(section));
  if (identity.abi === ABI_DIGEST) return identity;
  throw new RuntimeError(
    'WASM_INVALID',
    'The WebAssembly module is of another version of this package than the script',
    { hint: 'serve the .wasm files that come with the script; a cache may hold old ones' },
  );
}

/**
 * The same, of a binary that must be of one build.
 * @throws RuntimeError WASM_INVALID where it is of another
 */
export function identityAs(module: WebAssembly.Module, build: Build): Identity {
  const identity = identityOf(module);
  if (identity.build === build) return identity;
  throw new RuntimeError(
    'WASM_INVALID',
    `The WebAssembly module is the build ${identity.build}: it lacks the kernels of ${build}`,
    { hint: `pass mobinet.${build}.wasm, or leave \`build\` at 'auto'` },
  );
}
