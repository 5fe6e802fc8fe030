import { RuntimeError } from '../errors.ts';
import type { Build } from '../kernels/abi.ts';

/** Where the kernels come from: an address to fetch, an answer, bytes, or a compiled module. */
export type WasmSource = string | URL | Response | BufferSource | WebAssembly.Module;

/** One that has to be compiled. */
type WasmInput = string | URL | Response | BufferSource;

/** The kernels beside this package; a literal `new URL` is what bundlers look for. */
export function defaultWasmUrl(build: Build, threads: number): URL {
  if (threads > 1) return threadsWasmUrl(build);
  switch (build) {
    case 'plain':
      return new URL('../mobinet.plain.wasm', import.meta.url);
    case 'simd':
      return new URL('../mobinet.simd.wasm', import.meta.url);
    case 'relaxed':
      return new URL('../mobinet.relaxed.wasm', import.meta.url);
  }
}

/** Those that work in shared memory. */
function threadsWasmUrl(build: Build): URL {
  switch (build) {
    case 'plain':
      return new URL('../mobinet.plain-threads.wasm', import.meta.url);
    case 'simd':
      return new URL('../mobinet.simd-threads.wasm', import.meta.url);
    case 'relaxed':
      return new URL('../mobinet.relaxed-threads.wasm', import.meta.url);
  }
}

/** Whether kernels are of a build for threads. Engines tell only by what they accept. */
export async function takesSharedMemory(module: WebAssembly.Module): Promise<boolean> {
  try {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    await WebAssembly.instantiate(module, { env: { memory } });
    return true;
  } catch {
    return false;
  }
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
