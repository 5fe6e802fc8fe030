import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterEach, expect, test } from 'vitest';
import { tinyModelFile } from '../helpers/model-file.ts';
import { describeInChromium } from './chromium.ts';

const MODEL = '/models/mobinet-mid-k3-w50-64.safetensors';
const WASM = '/dist/mobinet.simd.wasm';
const bytes = readFileSync(new URL(`../..${MODEL}`, import.meta.url));

describeInChromium('loading', (fixture) => {
  afterEach(() => fixture.server.answers.clear());

  /** Models are kept some time after they were loaded. */
  const untilKept = (page: Page) =>
    page.evaluate(async (length) => {
      for (;;) {
        const copy = await caches.match(mobinet.MODEL);
        if ((await copy?.arrayBuffer())?.byteLength === length) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }, bytes.length);
  const asked = (path: string) => fixture.server.requests.filter((one) => one === path).length;

  test.each(['address', 'URL', 'Response', 'Blob', 'ArrayBuffer', 'Uint8Array'])(
    'from %s; what the caller owns stays',
    async (kind) => {
      const page = await fixture.open();
      const { name, owned } = await page.evaluate(async (kind) => {
        const content = new Uint8Array(await (await fetch(mobinet.MODEL)).arrayBuffer());
        const sources: Record<string, Parameters<typeof mobinet.createClassifier>[0]> = {
          address: `../..${mobinet.MODEL}`,
          URL: new URL(mobinet.MODEL, location.href),
          Response: await fetch(mobinet.MODEL),
          Blob: new Blob([content]),
          ArrayBuffer: content.buffer,
          Uint8Array: content,
        };
        const { name } = await mobinet.createClassifier(sources[kind]!);
        return { name, owned: content.byteLength };
      }, kind);
      expect(name).toBe('MoBiNet-Mid K=3 width 0.5');
      expect(owned).toBe(bytes.length);
    },
  );

  test.each([
    'address',
    'URL',
    'Response',
    'ArrayBuffer',
    'Uint8Array',
    'Module',
    'folder',
    'function',
  ])('the kernels from %s', async (kind) => {
    const page = await fixture.open();
    const predictions = await page.evaluate(
      async ({ kind, address }) => {
        const content = await (await fetch(address)).arrayBuffer();
        const sources = {
          address: `../..${address}`,
          URL: new URL(address, location.href),
          Response: await fetch(address),
          ArrayBuffer: content,
          Uint8Array: new Uint8Array(content),
          Module: await WebAssembly.compile(content),
          folder: '/dist/',
          function: (build: string, threads: number) =>
            `/dist/mobinet.${build}${threads > 1 ? '-threads' : ''}.wasm`,
        };
        const wasm = sources[kind as keyof typeof sources];
        const classifier = await mobinet.createClassifier(mobinet.MODEL, { build: 'simd', wasm });
        return (await classifier.classify(mobinet.plainPicture(1, 2, 3))).predictions;
      },
      { kind, address: WASM },
    );
    expect(predictions).toHaveLength(5);
  });

  test('a graph that needs a kernel beyond the common ones: all are fetched after them', async () => {
    const page = await fixture.open();
    fixture.server.requests.length = 0;
    const values = await page.evaluate(
      async (content) => {
        const model = Uint8Array.from(content);
        const classifier = await mobinet.createClassifier(model, { build: 'simd' });
        return (await classifier.profile()).length;
      },
      Array.from(await tinyModelFile()),
    );
    expect(values).toBeGreaterThan(5);
    expect(fixture.server.requests.filter((path) => path.endsWith('.wasm'))).toEqual([
      '/dist/mobinet.simd-common.wasm',
      '/dist/mobinet.simd.wasm',
    ]);
  });

  test('progress comes from nothing to all of it, with the total', async () => {
    const page = await fixture.open();
    const seen = await page.evaluate(async () => {
      const seen: { loaded: number; total: number | undefined }[] = [];
      await mobinet.createClassifier(mobinet.MODEL, { onProgress: (one) => seen.push(one) });
      return seen;
    });
    expect(seen[0]).toEqual({ loaded: 0, total: bytes.length });
    expect(seen.at(-1)).toEqual({ loaded: bytes.length, total: bytes.length });
    const loaded = seen.map((one) => one.loaded);
    expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
  });

  test('a web page in place of the kernels: WASM_INVALID; later it works', async () => {
    fixture.server.answers.set('/dist/mobinet.simd-common.wasm', (response) =>
      response.end('<!doctype html><p>Not here'),
    );
    const page = await fixture.open();
    const load = () =>
      page.evaluate(() =>
        mobinet.failureOf(mobinet.createClassifier(mobinet.MODEL, { build: 'simd' })),
      );
    const failure = await load();
    expect(failure).toMatchObject({
      name: 'RuntimeError',
      code: 'WASM_INVALID',
      hint: expect.stringContaining('HTML page'),
      ofItsClass: true,
    });
    fixture.server.answers.clear();
    expect(
      await page.evaluate(async () => {
        const classifier = await mobinet.createClassifier(mobinet.MODEL, { build: 'simd' });
        return classifier.build;
      }),
    ).toBe('simd');
  });

  test('a policy without wasm-unsafe-eval: WASM_INVALID, and the hint names it', async () => {
    const page = await fixture.open();
    const failure = await page.evaluate(() =>
      mobinet.failureOf(
        mobinet.createClassifier(mobinet.MODEL, { workerUrl: '/dist/worker/worker.js?no-wasm' }),
      ),
    );
    expect(failure).toMatchObject({ code: 'WASM_INVALID', ofItsClass: true });
    expect(failure.hint).toContain("'wasm-unsafe-eval'");
  });

  test.each<[string, string, string, string]>([
    ['a picture in place of the model', '/samples/chelsea.png', 'ModelFormatError', 'NOT_A_MODEL'],
    [
      'a web page in place of the model',
      '/test/browser/page.html',
      'ModelFormatError',
      'NOT_A_MODEL',
    ],
    ['a model that is not there', '/models/none.safetensors', 'ModelFormatError', 'MODEL_FETCH'],
    ['what is no address', 'http://', 'ModelFormatError', 'MODEL_FETCH'],
  ])('%s', async (_, address, name, code) => {
    const page = await fixture.open();
    const failure = await page.evaluate(
      (address) => mobinet.failureOf(mobinet.createClassifier(address)),
      address,
    );
    expect(failure).toMatchObject({ name, code, ofItsClass: true });
  });

  test.each(['/no-such-worker.js', '/test/browser/throwing-worker.js', ''])(
    'a worker that cannot be made (%o): WORKER_FAILED',
    async (address) => {
      const page = await fixture.open();
      const failure = await page.evaluate((address) => {
        const createWorker = () => {
          if (address === '') throw new Error('no worker today');
          return new Worker(address, { type: 'module' });
        };
        return mobinet.failureOf(mobinet.createClassifier(mobinet.MODEL, { createWorker }));
      }, address);
      expect(failure).toMatchObject({
        name: 'RuntimeError',
        code: 'WORKER_FAILED',
        ofItsClass: true,
      });
    },
  );

  test('abort while the model arrives: ABORTED at once; then it loads', async () => {
    fixture.server.answers.set(MODEL, (response) => {
      response.setHeader('content-length', bytes.length);
      response.write(bytes.subarray(0, 1000));
    });
    const page = await fixture.open();
    const failure = await page.evaluate(() => {
      const controller = new AbortController();
      const loading = mobinet.createClassifier(mobinet.MODEL, {
        signal: controller.signal,
        onProgress: ({ loaded }) => loaded > 0 && controller.abort(),
      });
      return mobinet.failureOf(loading);
    });
    expect(failure).toMatchObject({ name: 'RuntimeError', code: 'ABORTED', ofItsClass: true });
    fixture.server.answers.clear();
    const name = await page.evaluate(
      async () => (await mobinet.createClassifier(mobinet.MODEL)).name,
    );
    expect(name).toBe('MoBiNet-Mid K=3 width 0.5');
  });

  test('aborted before: ABORTED, and nothing is fetched', async () => {
    const page = await fixture.open();
    const before = asked(MODEL);
    const failure = await page.evaluate(() => {
      const options = { signal: AbortSignal.abort() };
      return mobinet.failureOf(mobinet.createClassifier(mobinet.MODEL, options));
    });
    expect(failure.code).toBe('ABORTED');
    expect(asked(MODEL)).toBe(before);
  });

  test('the second visit loads while the server does not answer for the model', async () => {
    const page = await fixture.open();
    const visit = () =>
      page.evaluate(async () => {
        const seen: { loaded: number; total: number | undefined }[] = [];
        const classifier = await mobinet.createClassifier(mobinet.MODEL, {
          onProgress: (one) => seen.push(one),
        });
        const { predictions } = await classifier.classify(mobinet.plainPicture(1, 2, 3));
        return { predictions, last: seen.at(-1) };
      });
    const first = await visit();
    await untilKept(page);
    fixture.server.answers.set(MODEL, undefined);
    await page.reload();
    await page.waitForFunction(() => globalThis.mobinet !== undefined);
    const before = asked(MODEL);
    expect(await visit()).toEqual(first);
    expect(asked(MODEL)).toBe(before);
    const uncached = await page.evaluate(() =>
      mobinet.failureOf(mobinet.createClassifier(mobinet.MODEL, { cache: false })),
    );
    expect(uncached.code).toBe('MODEL_FETCH');
    const elsewhere = await page.evaluate(() =>
      mobinet.failureOf(mobinet.createClassifier(mobinet.MODEL, { cache: 'another' })),
    );
    expect(elsewhere.code).toBe('MODEL_FETCH');
  });

  test('revalidate: 304 takes the kept model, another ETag the new one; clearModelCache', async () => {
    const page = await fixture.open();
    let etag = '"first"';
    const statuses: number[] = [];
    fixture.server.answers.set(MODEL, (response) => {
      const isKnown = response.req.headers['if-none-match'] === etag;
      statuses.push(isKnown ? 304 : 200);
      response.writeHead(statuses.at(-1)!, { etag });
      response.end(isKnown ? undefined : bytes);
    });
    const visit = () =>
      page.evaluate(async () => {
        const options = { revalidate: true };
        return (await mobinet.createClassifier(mobinet.MODEL, options)).name;
      });
    const names = [await visit()];
    await untilKept(page);
    names.push(await visit());
    etag = '"second"';
    names.push(await visit());
    expect(statuses).toEqual([200, 304, 200]);
    expect(names).toEqual(Array(3).fill('MoBiNet-Mid K=3 width 0.5'));
    expect(await page.evaluate(() => mobinet.clearModelCache())).toBe(true);
    expect(await page.evaluate(() => caches.match(mobinet.MODEL))).toBeUndefined();
  });

  test('what was refused is not kept, and a damaged copy is fetched anew', async () => {
    const page = await fixture.open();
    fixture.server.answers.set(MODEL, (response) => response.end('<!doctype html><p>Not here'));
    const refused = await page.evaluate(() =>
      mobinet.failureOf(mobinet.createClassifier(mobinet.MODEL, { cache: 'models' })),
    );
    expect(refused.code).toBe('NOT_A_MODEL');
    fixture.server.answers.clear();
    const before = await page.evaluate(async () => {
      const cache = await caches.open('models');
      const before = (await cache.keys()).length;
      await cache.put(mobinet.MODEL, new Response('damaged'));
      await mobinet.createClassifier(mobinet.MODEL, { cache: 'models' });
      return before;
    });
    expect(before).toBe(0);
    await untilKept(page);
  });
});
