import { invalidOption, RuntimeError } from '../errors.ts';
import { addressOf, fetchBytes } from '../file/read-source.ts';
import { type Build, binaryOf, type Extent, wasmFile } from '../kernels/builds.ts';
import { type Identity, identityAs, identityOf } from '../kernels/identity.ts';
import type { Step } from '../plan/addresses.ts';
import { chooseBuild, probeFeatures } from './features.ts';

/**
 * Where the kernels come from: an address to fetch, a response, bytes, or a compiled module. An address
 * that ends with a slash is the folder of the .wasm files.
 */
export type WasmSource = string | URL | Response | BufferSource | WebAssembly.Module;

/** The kernels of a build: of the one for several threads where `threads` is more than 1. */
export type WasmLocator = (build: Build, threads: number) => WasmSource | Promise<WasmSource>;

/** One that knows of the binaries with the common kernels only. Any other gives every kernel. */
export type KernelLocator = (
  build: Build,
  threads: number,
  extent: Extent,
) => WasmSource | Promise<WasmSource>;

/** One that has to be compiled. */
type WasmInput = string | URL | Response | BufferSource;

const PASS_WASM = 'pass `wasm`: the address of mobinet.<build>.wasm, its bytes, or a module';

/**
 * The kernels beside this package.
 * @throws RuntimeError WASM_INVALID where modules have no addresses, as in some bundles
 */
export function defaultWasmUrl(build: Build, threads: number, extent: Extent): URL {
  try {
    return binaryOf(build, extent).url(threads > 1);
  } catch (cause) {
    throw new RuntimeError('WASM_INVALID', 'The kernels have no address', {
      cause,
      hint: PASS_WASM,
    });
  }
}

export function isLocator<Locator>(wasm: WasmSource | Locator | undefined): wasm is Locator {
  return typeof wasm === 'function';
}

/**
 * What gives the kernels of a build: a function itself, or a folder's address.
 * @returns undefined where the source is one binary, of whatever build
 */
function locatorOf(wasm: WasmSource | KernelLocator): KernelLocator | undefined {
  if (isLocator(wasm)) return wasm;
  const folder = typeof wasm === 'string' || wasm instanceof URL ? String(wasm) : '';
  if (!folder.endsWith('/')) return undefined;
  return (build, threads, extent) => folder + wasmFile(build, threads > 1, extent);
}

/** Compiled kernels, and which they are. */
export interface CompiledKernels extends Identity {
  readonly module: WebAssembly.Module;
  /** Those of the same build with every kernel, where these may be the common ones only. */
  readonly loadAll?: () => Promise<CompiledKernels>;
}

/**
 * Those of the build that is asked for; of a single binary with `auto`, the build that it is.
 * @throws RuntimeError WASM_INVALID, WASM_UNAVAILABLE, ABORTED
 */
export async function loadKernels(
  wasm: WasmSource | KernelLocator,
  wish: Build | 'auto',
  threads: number,
  signal?: AbortSignal,
): Promise<CompiledKernels> {
  const build = chooseBuild(probeFeatures(), wish);
  const locate = locatorOf(wasm);
  if (locate === undefined) {
    const module = await compileKernels(wasm as WasmSource, signal);
    return { module, ...(wish === 'auto' ? identityOf(module) : identityAs(module, build)) };
  }
  const load = async (extent: Extent): Promise<CompiledKernels> => {
    const module = await compileKernels(await locate(build, threads, extent), signal);
    return { module, ...identityAs(module, build), loadAll: () => load('all') };
  };
  return load('common');
}

/** The kernels, or where the steps need one that is not among them, all of their build. */
export async function kernelsFor(
  steps: readonly Pick<Step, 'kernel'>[],
  kernels: CompiledKernels,
): Promise<CompiledKernels> {
  const names = WebAssembly.Module.exports(kernels.module).map(({ name }) => name);
  const suffice = steps.every(({ kernel }) => names.includes(kernel));
  return suffice ? kernels : (kernels.loadAll?.() ?? kernels);
}

/**
 * Compiles the kernels. Bytes are looked at first, so that a web page served in place of the file is
 * called one.
 * @throws RuntimeError WASM_INVALID
 */
export async function compileKernels(
  source: WasmSource,
  signal?: AbortSignal,
): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  const { bytes, from } = await wasmBytes(source as WasmInput, signal);
  const magic = [0x00, 0x61, 0x73, 0x6d];
  if (!magic.every((byte, index) => bytes[index] === byte)) {
    const html = bytes[0] === 0x3c;
    throw new RuntimeError('WASM_INVALID', `Not WebAssembly: ${from}`, {
      hint: html
        ? 'it is an HTML page: the file is missing there and the server answered with a page'
        : PASS_WASM,
    });
  }
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new RuntimeError('WASM_INVALID', `Cannot compile ${from}`, {
      cause,
      hint: compileHint(bytes, String(cause)),
    });
  }
}

/** Why an engine does not compile: by what it said, as policies are only of pages. */
function compileHint(bytes: BufferSource, said: string): string {
  if (/content.security|unsafe-eval|\bCSP\b/i.test(said)) {
    return "allow 'wasm-unsafe-eval' in script-src of the Content-Security-Policy";
  }
  if (said.includes('disallowed by embedder')) {
    return 'this platform takes compiled modules only: import the file and pass the module as `wasm`';
  }
  return WebAssembly.validate(bytes)
    ? said
    : `it is damaged, or of a build that this engine cannot run: it can run ${probeFeatures().join(', ')}`;
}

async function wasmBytes(
  source: WasmInput,
  signal: AbortSignal | undefined,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; from: string }> {
  if (source instanceof ArrayBuffer) return { bytes: new Uint8Array(source), from: 'the bytes' };
  if (ArrayBuffer.isView(source)) {
    const view = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    return { bytes: Uint8Array.from(view), from: 'the bytes' };
  }
  const isAddress = typeof source === 'string' || source instanceof URL;
  if (!isAddress && !(source instanceof Response)) {
    throw invalidOption('wasm', source, 'an address, a response, bytes, a module, or a function');
  }
  const bytes = await fetchBytes(source, { signal }, (from, reason, cause) => {
    return new RuntimeError('WASM_INVALID', `Cannot fetch ${from}: ${reason}`, {
      cause,
      hint: 'serve mobinet.<build>.wasm beside the script, or pass its address as `wasm`',
    });
  });
  return { bytes, from: addressOf(source) };
}
