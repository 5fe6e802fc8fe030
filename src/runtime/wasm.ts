import { invalidOption, RuntimeError } from '../errors.ts';
import { BUILD_TABLE, type Build, wasmFile } from '../kernels/builds.ts';
import { type Identity, identityAs, identityOf } from '../kernels/identity.ts';
import { chooseBuild, probeFeatures } from './features.ts';

/**
 * Where the kernels come from: an address to fetch, a response, bytes, or a compiled module. An address
 * that ends with a slash is the folder of the .wasm files.
 */
export type WasmSource = string | URL | Response | BufferSource | WebAssembly.Module;

/** The kernels of a build: of the one for several threads where `threads` is more than 1. */
export type WasmLocator = (build: Build, threads: number) => WasmSource | Promise<WasmSource>;

/** One that has to be compiled. */
type WasmInput = string | URL | Response | BufferSource;

const PASS_WASM = 'pass `wasm`: the address of mobinet.<build>.wasm, its bytes, or a module';

/**
 * The kernels beside this package.
 * @throws RuntimeError WASM_INVALID where modules have no addresses, as in some bundles
 */
export function defaultWasmUrl(build: Build, threads: number): URL {
  const { url, threadsUrl } = BUILD_TABLE[build];
  try {
    return threads > 1 ? threadsUrl() : url();
  } catch (cause) {
    throw new RuntimeError('WASM_INVALID', 'The kernels have no address', {
      cause,
      hint: PASS_WASM,
    });
  }
}

export function isLocator(wasm: WasmSource | WasmLocator | undefined): wasm is WasmLocator {
  return typeof wasm === 'function';
}

/**
 * What gives the kernels of a build: a function itself, or a folder's address.
 * @returns undefined where the source is one binary, of whatever build
 */
function locatorOf(wasm: WasmSource | WasmLocator): WasmLocator | undefined {
  if (isLocator(wasm)) return wasm;
  const folder = typeof wasm === 'string' || wasm instanceof URL ? String(wasm) : '';
  if (!folder.endsWith('/')) return undefined;
  return (build, threads) => folder + wasmFile(build, threads > 1);
}

/** Compiled kernels, and which they are. */
export interface CompiledKernels extends Identity {
  readonly module: WebAssembly.Module;
}

/**
 * Those of the build that is asked for; of a single binary with `auto`, the build that it is.
 * @throws RuntimeError WASM_INVALID, WASM_UNAVAILABLE, ABORTED
 */
export async function loadKernels(
  wasm: WasmSource | WasmLocator,
  wish: Build | 'auto',
  threads: number,
  signal?: AbortSignal,
): Promise<CompiledKernels> {
  const build = chooseBuild(probeFeatures(), wish);
  const locate = locatorOf(wasm);
  const source = locate === undefined ? (wasm as WasmSource) : await locate(build, threads);
  const module = await compileKernels(source, signal);
  const isGiven = locate === undefined && wish === 'auto';
  return { module, ...(isGiven ? identityOf(module) : identityAs(module, build)) };
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
  const { bytes, from } = await wasmBytes(
    source as Exclude<WasmSource, WebAssembly.Module>,
    signal,
  );
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
  const from = isAddress ? String(source) : source.url || 'the response';
  let response: Response;
  try {
    response =
      source instanceof Response ? source : await fetch(source, signal ? { signal } : undefined);
    if (!response.ok) throw new Error(`HTTP ${response.status} ${response.statusText}`.trim());
    return { bytes: new Uint8Array(await response.arrayBuffer()), from };
  } catch (cause) {
    if (signal?.aborted) throw new RuntimeError('ABORTED', 'Loading was aborted', { cause });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RuntimeError('WASM_INVALID', `Cannot fetch ${from}: ${reason}`, {
      cause,
      hint: 'serve mobinet.<build>.wasm beside the script, or pass its address as `wasm`',
    });
  }
}
