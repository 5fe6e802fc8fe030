/**
 * The builds of the kernels. This table is the only list of them: what is compiled, probed, fetched
 * and tested follows from it. All give the same logits, bit for bit.
 */

/** Instructions beyond WebAssembly's first version, by their names in AssemblyScript's compiler. */
export type Feature = 'simd' | 'relaxed-simd';

interface BuildEntry {
  /** File of assembly/ that says which kernels it has. */
  readonly entry: 'index.ts' | 'index-simd.ts';
  readonly features: readonly Feature[];
  /** A module that is valid exactly where the engine can run the build; undefined: everywhere. */
  readonly probe: Uint8Array<ArrayBuffer> | undefined;
  /** Of the binary for one thread; a literal `new URL` is what bundlers look for. */
  readonly url: () => URL;
  /** Of the binary for several, in shared memory. */
  readonly threadsUrl: () => URL;
}

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

/** Slowest first: `auto` takes the last that the engine can run. */
const TABLE = {
  /** 64-bit words only. */
  plain: {
    entry: 'index.ts',
    features: [],
    probe: undefined,
    url: () => new URL('../mobinet.plain.wasm', import.meta.url),
    threadsUrl: () => new URL('../mobinet.plain-threads.wasm', import.meta.url),
  },
  simd: {
    entry: 'index-simd.ts',
    features: ['simd'],
    probe: SIMD_PROBE,
    url: () => new URL('../mobinet.simd.wasm', import.meta.url),
    threadsUrl: () => new URL('../mobinet.simd-threads.wasm', import.meta.url),
  },
  /** Of relaxed SIMD only operations are used whose result is the same on every machine. */
  relaxed: {
    entry: 'index-simd.ts',
    features: ['simd', 'relaxed-simd'],
    probe: RELAXED_PROBE,
    url: () => new URL('../mobinet.relaxed.wasm', import.meta.url),
    threadsUrl: () => new URL('../mobinet.relaxed-threads.wasm', import.meta.url),
  },
} as const satisfies Record<string, BuildEntry>;

export type Build = keyof typeof TABLE;

/** Slowest first. */
export const BUILDS = Object.keys(TABLE) as readonly Build[];

export const BUILD_TABLE: Readonly<Record<Build, BuildEntry>> = TABLE;

/** Whether a build has the kernels that are made of SIMD instructions. */
export function hasSimd(build: Build): boolean {
  return BUILD_TABLE[build].features.includes('simd');
}

/** The file of a build: `mobinet.simd.wasm`, or `mobinet.simd-threads.wasm` for shared memory. */
export function wasmFile(build: Build, shared: boolean): string {
  return `mobinet.${build}${shared ? '-threads' : ''}.wasm`;
}
