import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadModel } from '../../src/node/load.ts';
import { bitsOf, fixedInput } from '../engines/fixed-input.js';
import { BUILDS, THREAD_SCRIPT, wasmBytes } from '../helpers/run.ts';

const input = fixedInput(3 * 64 * 64);
const picture = fileURLToPath(new URL('../../samples/chelsea.png', import.meta.url));
const load = (options: Parameters<typeof loadModel>[1] = {}) =>
  loadModel(undefined, {
    wasm: wasmBytes(options.build === 'plain' ? 'plain' : 'simd', threadsKind(options.threads)),
    build: 'simd',
    threadUrl: THREAD_SCRIPT,
    ...options,
  });
const threadsKind = (threads: number | 'auto' | undefined) =>
  threads === undefined || threads === 1 ? '' : '-threads';

test('by default one thread, and nothing to say about it', async () => {
  const model = await load();
  expect(model.describe()).toMatchObject({ threads: 1, threadsReason: undefined });
  expect((await model.classify(picture)).threads).toBe(1);
});

test.each(BUILDS)('%s: the shipped model on 1 to 4 threads, the same bits', async (build) => {
  const one = await load({ build, wasm: wasmBytes(build) });
  const wanted = await one.run(input);
  for (const threads of [1, 2, 3, 4]) {
    const model = await load({ build, threads, wasm: wasmBytes(build, '-threads') });
    expect(model.describe()).toMatchObject({ threads, threadsReason: undefined });
    expect(bitsOf(await model.run(input)), `${threads}`).toEqual(bitsOf(wanted));
    expect((await model.classify(picture)).threads).toBe(threads);
    model.dispose();
  }
});

test('auto is at most 4 threads', async () => {
  const model = await load({ threads: 'auto' });
  expect(model.describe().threads).toBeGreaterThanOrEqual(1);
  expect(model.describe().threads).toBeLessThanOrEqual(4);
  model.dispose();
});

test.each([0, -1, 1.5, 17, Number.NaN, 'many'])('threads: %s is refused', async (threads) => {
  await expect(load({ threads: threads as number })).rejects.toMatchObject({
    name: 'InputError',
    code: 'INVALID_OPTION',
  });
});

describe('where several threads cannot be had there is one, and describe() says why', () => {
  test.each<[string, Parameters<typeof load>[0], RegExp]>([
    ['their script is missing', { threadUrl: '/no/such/script.js' }, /Cannot find module/],
    ['the kernels are for one', { wasm: wasmBytes('simd') }, /not of a build for threads/],
  ])('%s', async (_, options, reason) => {
    const model = await load({ threads: 2, ...options });
    expect(model.describe()).toMatchObject({
      threads: 1,
      threadsReason: expect.stringMatching(reason),
    });
    expect(bitsOf(await model.run(input))).toEqual(bitsOf(await (await load()).run(input)));
    expect((await model.classify(picture)).threads).toBe(1);
  });
});

test('kernels for threads run on one, too', async () => {
  const model = await load({ threads: 1, wasm: wasmBytes('simd', '-threads') });
  expect(bitsOf(await model.run(input))).toEqual(bitsOf(await (await load()).run(input)));
});

test('a thread that fails in the middle of a run: WORKER_FAILED, then and later', async () => {
  const threadUrl = new URL('./failing-thread.js', import.meta.url);
  const model = await load({ threads: 2, threadUrl });
  const failing = async () => {
    // It may come too late to have a part of the first run.
    for (let run = 0; run < 1000; run++) await model.run(input);
  };
  const failure = { name: 'RuntimeError', code: 'WORKER_FAILED' };
  await expect(failing()).rejects.toMatchObject(failure);
  await expect(failing()).rejects.toMatchObject(failure);
  model.dispose();
  await expect(model.run(input)).rejects.toMatchObject({ code: 'DISPOSED' });
});

test('a process with threads that wait ends by itself', () => {
  const index = new URL('../../dist/node/index.js', import.meta.url).href;
  const script = `
    import { loadModel } from '${index}';
    const model = await loadModel(undefined, { threads: 3 });
    await model.run(new Float32Array(3 * 64 * 64));
    console.log(model.describe().threads);`;
  const args = ['--input-type=module', '-e', script];
  const output = execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
  expect(output.trim()).toBe('3');
});
