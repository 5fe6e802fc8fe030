import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { sourcesDigest, withIdentity } from '../../build/identity.js';
import type { Graph } from '../../src/graph/graph.ts';
import { ABI_DIGEST } from '../../src/kernels/abi.ts';
import { BUILDS, type Build, hasSimd, wasmFiles } from '../../src/kernels/builds.ts';
import { identityOf } from '../../src/kernels/identity.ts';
import type { LoadOptions } from '../../src/model.ts';
import { mobinet } from '../../src/networks/mobinet.ts';
import { loadModel as loadModelInNode } from '../../src/node/load.ts';
import { planGraph } from '../../src/plan/plan.ts';
import { probeFeatures } from '../../src/runtime/features.ts';
import { loadModel } from '../../src/web/load.ts';
import { tinyModelFile } from '../helpers/model-file.ts';
import { wasmBytes, wasmModule } from '../helpers/run.ts';

const dist = new URL('../../dist/', import.meta.url);
const runnable = probeFeatures();
const fastest = runnable.at(-1)!;

let bytes: Uint8Array;
beforeAll(async () => {
  bytes = await tinyModelFile();
});

const load = (options: LoadOptions) => loadModel(bytes, options);
const buildOf = async (options: LoadOptions) => (await load(options)).describe().build;

describe('the table', () => {
  test('dist has its binaries and no others', () => {
    const found = readdirSync(dist).filter((name) => name.endsWith('.wasm'));
    expect(found.sort()).toEqual(wasmFiles().sort());
  });

  test.each(BUILDS)(
    '%s: its binaries say that they are it, and whether memory is shared',
    (build) => {
      for (const kind of ['', '-threads'] as const) {
        for (const extent of ['all', 'common'] as const) {
          const bytes = wasmBytes(build, kind, extent);
          if (!WebAssembly.validate(bytes)) {
            expect(runnable).not.toContain(build);
            continue;
          }
          expect(identityOf(new WebAssembly.Module(bytes))).toEqual({
            build,
            shared: kind === '-threads',
            abi: ABI_DIGEST,
            sources: sourcesDigest(),
          });
        }
      }
    },
  );

  test('its probes let through what the engine can compile, and no more', () => {
    const compilable = BUILDS.filter((build) => WebAssembly.validate(wasmBytes(build)));
    expect(runnable).toEqual(compilable);
  });
});

describe('auto', () => {
  test.each(runnable)('given the file of %s, runs and reports it', async (build) => {
    expect(await buildOf({ wasm: wasmBytes(build) })).toBe(build);
    expect(await buildOf({ wasm: wasmModule(build), build: 'auto' })).toBe(build);
    expect(await buildOf({ wasm: wasmBytes(build, '-threads') })).toBe(build);
  });

  test('given a function, asks it for the fastest, and for as many threads as there will be', async () => {
    const asked: [Build, number][] = [];
    const wasm = async (build: Build, threads: number) => {
      asked.push([build, threads]);
      return wasmBytes(build, threads > 1 ? '-threads' : '');
    };
    expect(await buildOf({ wasm })).toBe(fastest);
    expect(await buildOf({ wasm, build: 'plain' })).toBe('plain');
    expect(asked).toEqual([
      [fastest, 1],
      ['plain', 1],
    ]);
  });

  test('given the address of a folder, fetches the file of the build from it', async () => {
    const fetched = await fetchedBy(async () => {
      const folder = 'https://example.org/mobinet/';
      expect(await buildOf({ wasm: folder, build: 'plain' })).toBe('plain');
      expect(await buildOf({ wasm: new URL(folder), build: 'plain' })).toBe('plain');
      expect(await buildOf({ wasm: `${folder}mobinet.simd.wasm` })).toBe('simd');
    });
    expect(fetched).toEqual([
      'https://example.org/mobinet/mobinet.plain.wasm',
      'https://example.org/mobinet/mobinet.plain.wasm',
      'https://example.org/mobinet/mobinet.simd.wasm',
    ]);
  });
});

/** The addresses that are fetched meanwhile; files of dist are what is found there. */
async function fetchedBy(work: () => Promise<void>): Promise<string[]> {
  const fetched: string[] = [];
  const { fetch } = globalThis;
  globalThis.fetch = async (address) => {
    fetched.push(String(address));
    return new Response(readFileSync(new URL(String(address).split('/').at(-1)!, dist)));
  };
  try {
    await work();
  } finally {
    globalThis.fetch = fetch;
  }
  return fetched;
}

describe('the common kernels', () => {
  const folder = 'https://example.org/';
  const name = '../../models/mobinet-mid-k3-w25-64.safetensors';
  const mobinetFile = Uint8Array.from(readFileSync(new URL(name, import.meta.url)));
  const loads = (source: Uint8Array, options: LoadOptions) =>
    fetchedBy(async () => {
      const model = await loadModel(source, { ...options, build: 'simd' });
      await model.profile();
      model.dispose();
    });

  test('are all that is fetched where they suffice', async () => {
    expect(await loads(mobinetFile, { wasm: folder })).toEqual([
      `${folder}mobinet.simd-common.wasm`,
    ]);
    const [beside, ...others] = await loads(mobinetFile, {});
    expect(beside).toMatch(/\/mobinet\.simd-common\.wasm$/);
    expect(others).toEqual([]);
  });

  test('are followed by all of them where the graph, or its activations, need another', async () => {
    const both = [`${folder}mobinet.simd-common.wasm`, `${folder}mobinet.simd.wasm`];
    expect(await loads(bytes, { wasm: folder })).toEqual(both);
    expect(await loads(mobinetFile, { wasm: folder, activations: 'float32' })).toEqual(both);
  });

  test('handed in where the graph needs another: WASM_INVALID, with its name', async () => {
    const wasm = wasmBytes('simd', '', 'common');
    await expect(load({ wasm })).rejects.toMatchObject({
      code: 'WASM_INVALID',
      message: expect.stringMatching(/^The WebAssembly module lacks [a-z]/),
    });
  });

  const exported = runnable.filter(hasSimd).flatMap((build) =>
    (['', '-threads'] as const).map((kind) => {
      const module = new WebAssembly.Module(wasmBytes(build, kind, 'common'));
      return WebAssembly.Module.exports(module).map(({ name }) => name);
    }),
  );

  function expectCommon(graph: Graph): void {
    const needed = planGraph(graph, 'simd').steps.map(({ kernel }) => kernel);
    for (const names of exported) {
      expect(needed.filter((name) => !names.includes(name))).toEqual([]);
    }
  }

  const small = { width: 0.25, size: 32, classes: 10 };
  const blocks = ['none', 'pre', 'mid', 'post'] as const;
  test.each(blocks.flatMap((block) => [0, 1, 2, 3, 4].map((k) => [block, k] as const)))(
    'are those of MoBiNet with int16 activations, block %s and K = %i',
    (block, k) => {
      const stream = { type: 'int16', fraction: 8 } as const;
      for (const headBits of [8, 32] as const) {
        expectCommon(mobinet({ ...small, block, k, headBits, stream }));
      }
    },
  );
});

test('Node reads kernels from a folder or a file, by path or URL', async () => {
  const path = fileURLToPath(dist);
  const inNode = async (options: LoadOptions) =>
    (await loadModelInNode(bytes, options)).describe().build;
  expect(await inNode({ wasm: path })).toBe(fastest);
  expect(await inNode({ wasm: dist, build: 'plain' })).toBe('plain');
  expect(await inNode({ wasm: `${path}mobinet.plain.wasm` })).toBe('plain');
  expect(await inNode({ wasm: new URL('mobinet.simd.wasm', dist) })).toBe('simd');
  await expect(inNode({ wasm: `${path}nothing.wasm` })).rejects.toMatchObject({
    code: 'FILE_NOT_FOUND',
  });
});

describe('the wrong kernels: WASM_INVALID', () => {
  test.each<[string, Build, Build]>([
    ['plain', 'plain', 'simd'],
    ['SIMD', 'simd', 'plain'],
  ])('%s ones for another build', async (_, given, wish) => {
    const failure = {
      code: 'WASM_INVALID',
      message: expect.stringContaining(`is the build ${given}: it lacks the kernels of ${wish}`),
    };
    await expect(load({ build: wish, wasm: wasmBytes(given) })).rejects.toMatchObject(failure);
    const wasm = () => wasmBytes(given);
    await expect(load({ build: wish, wasm })).rejects.toMatchObject(failure);
  });

  test('those of another version of the package', async () => {
    const old = withIdentity(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), {
      build: 'simd',
      shared: false,
      abi: '0123456789abcdef',
      sources: '0123456789abcdef',
    });
    await expect(load({ wasm: Uint8Array.from(old) })).rejects.toMatchObject({
      code: 'WASM_INVALID',
      message: expect.stringContaining('of another version of this package'),
    });
  });
});
