import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { probeFeatures } from '../../src/runtime/features.ts';
import { compileKernels, defaultWasmUrl } from '../../src/runtime/wasm.ts';
import { openWorker } from '../../src/worker/open-worker.ts';

afterEach(() => vi.unstubAllGlobals());

const CSP = /Content-Security-Policy/;
const kernels = (build: string) =>
  Uint8Array.from(readFileSync(new URL(`../../dist/mobinet.${build}.wasm`, import.meta.url)));
/** An engine that says so when it is to compile. */
const refusing = (message: string) =>
  vi.spyOn(WebAssembly, 'compile').mockRejectedValueOnce(new WebAssembly.CompileError(message));

describe('policies are spoken of only where there is one', () => {
  test.each([
    // Of Chromium, Firefox and Safari.
    "Compiling or instantiating WebAssembly module violates the following Content Security policy directive because neither 'wasm-eval' nor 'unsafe-eval' is an allowed source",
    'call to WebAssembly.compile() blocked by CSP',
    "Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source of script",
  ])('a page: %s', async (message) => {
    refusing(message);
    await expect(compileKernels(kernels('plain'))).rejects.toMatchObject({
      code: 'WASM_INVALID',
      hint: expect.stringMatching(CSP),
    });
  });

  test('a platform that takes modules only (Cloudflare)', async () => {
    refusing('WebAssembly.compile(): Wasm code generation disallowed by embedder');
    await expect(compileKernels(kernels('plain'))).rejects.toMatchObject({
      hint: expect.stringContaining('pass the module as `wasm`'),
    });
  });

  test('kernels that are damaged, or more than the engine can run: what it can run', async () => {
    const damaged = kernels('plain').fill(0xff, 100, 200);
    const hint = expect.stringContaining(`it can run ${probeFeatures().join(', ')}`);
    await expect(compileKernels(damaged)).rejects.toMatchObject({ hint });
    if (!probeFeatures().includes('relaxed')) {
      await expect(compileKernels(kernels('relaxed'))).rejects.toMatchObject({ hint });
    }
  });

  test('no WebAssembly at all', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(() => probeFeatures()).toThrow(/switched off/);
    expect(() => probeFeatures()).not.toThrow(CSP);
  });

  test('no workers (a service worker), or no right to start them (Deno)', () => {
    vi.stubGlobal('Worker', undefined);
    expect(() => openWorker({}, false)).toThrow(/use loadModel of mobinet/);
    vi.stubGlobal('Worker', function Worker() {
      throw new Error('Requires read access to "/worker.js", run again with the --allow-read flag');
    });
    expect(() => openWorker({ workerUrl: 'file:///worker.js' }, false)).toThrow(/--allow-read/);
    vi.stubGlobal('Worker', function Worker() {
      throw new DOMException('refused', 'SecurityError');
    });
    expect(() => openWorker({ workerUrl: 'file:///worker.js' }, false)).toThrow(CSP);
  });

  test('modules without an address (bundled for Cloudflare): WASM_INVALID', () => {
    vi.stubGlobal('URL', function URL() {
      throw new TypeError('Invalid URL');
    });
    expect(() => defaultWasmUrl('simd', 1, 'all')).toThrow(/pass `wasm`/);
  });
});
