import { RuntimeError } from '../errors.ts';
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

/** The kernels beside this package. */
export function defaultWasmUrl(build: Build, threads: number): URL {
  const { url, threadsUrl } = BUILD_TABLE[build];
  return threads > 1 ? threadsUrl() : url();
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
        : 'pass `wasm`: the address of mobinet.<build>.wasm, its bytes, or a module',
    });
  }
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new RuntimeError('WASM_INVALID', `Cannot compile ${from}`, {
      cause,
      hint: "under a Content-Security-Policy, allow 'wasm-unsafe-eval' in script-src",
    });
  }
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
  const from = source instanceof Response ? source.url || 'the response' : String(source);
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
