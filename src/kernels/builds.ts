/**
 * The builds of the kernels. This table is the only list of them: what is compiled, probed, fetched
 * and tested follows from it. All give the same logits, bit for bit.
 */

/** Instructions beyond WebAssembly's first version, by their names in AssemblyScript's compiler. */
export type Feature = 'simd' | 'relaxed-simd';

interface BuildEntry {
  readonly features: readonly Feature[];
  /** A module that is valid exactly where the engine can run the build; undefined: everywhere. */
  readonly probe: Uint8Array<ArrayBuffer> | undefined;
  /** Every kernel. */
  readonly all: Binary;
  /** Only the kernels of MoBiNet with int16 activations, for a page to begin with: most need no other. */
  readonly common?: Binary;
}

interface Binary {
  /** File of assembly/ that says which kernels it has. */
  readonly entry: 'index.ts' | 'index-simd.ts' | 'index-common.ts';
  /** Of the file, for one thread or for several; a literal `new URL` is what bundlers look for. */
  readonly url: (shared: boolean) => URL;
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
    features: [],
    probe: undefined,
    all: {
      entry: 'index.ts',
      url: (shared) =>
        shared
          ? new URL('../mobinet.plain-threads.wasm', import.meta.url)
          : new URL('../mobinet.plain.wasm', import.meta.url),
    },
  },
  simd: {
    features: ['simd'],
    probe: SIMD_PROBE,
    all: {
      entry: 'index-simd.ts',
      url: (shared) =>
        shared
          ? new URL('../mobinet.simd-threads.wasm', import.meta.url)
          : new URL('../mobinet.simd.wasm', import.meta.url),
    },
    common: {
      entry: 'index-common.ts',
      url: (shared) =>
        shared
          ? new URL('../mobinet.simd-common-threads.wasm', import.meta.url)
          : new URL('../mobinet.simd-common.wasm', import.meta.url),
    },
  },
  /** Of relaxed SIMD only operations are used whose result is the same on every machine. */
  relaxed: {
    features: ['simd', 'relaxed-simd'],
    probe: RELAXED_PROBE,
    all: {
      entry: 'index-simd.ts',
      url: (shared) =>
        shared
          ? new URL('../mobinet.relaxed-threads.wasm', import.meta.url)
          : new URL('../mobinet.relaxed.wasm', import.meta.url),
    },
    common: {
      entry: 'index-common.ts',
      url: (shared) =>
        shared
          ? new URL('../mobinet.relaxed-common-threads.wasm', import.meta.url)
          : new URL('../mobinet.relaxed-common.wasm', import.meta.url),
    },
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

/** Which kernels are wanted of a build: those of MoBiNet with int16 activations, or every one. */
export type Extent = 'common' | 'all';

/** The binary of a build; of one that is not divided it has every kernel. */
export function binaryOf(build: Build, extent: Extent): Binary {
  const { all, common = all } = BUILD_TABLE[build];
  return extent === 'all' ? all : common;
}

/**
 * The file of a build: `mobinet.simd.wasm`, or `mobinet.simd-threads.wasm` for shared memory; with
 * `-common` where there is one of the common kernels and it is wanted.
 */
export function wasmFile(build: Build, shared: boolean, extent: Extent = 'all'): string {
  const common = binaryOf(build, extent) === BUILD_TABLE[build].common ? '-common' : '';
  return `mobinet.${build}${common}${shared ? '-threads' : ''}.wasm`;
}

/** Every file of the kernels. */
export function wasmFiles(): string[] {
  const files = BUILDS.flatMap((build) =>
    [false, true].flatMap((shared) => [
      wasmFile(build, shared, 'all'),
      wasmFile(build, shared, 'common'),
    ]),
  );
  return [...new Set(files)];
}
