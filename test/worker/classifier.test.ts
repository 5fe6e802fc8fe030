import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadModel } from '../../src/index.ts';
import { type ClassifierOptions, createClassifier } from '../../src/worker/classifier.ts';
import { tinyModelFile } from '../helpers/model-file.ts';
import { randomFrom } from '../helpers/random.ts';
import { wasmBytes, wasmModule } from '../helpers/run.ts';
import { FakeWorker, ServedWorker } from './fake-worker.ts';

let bytes: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  bytes = Uint8Array.from(await tinyModelFile());
});

afterEach(() => vi.unstubAllGlobals());

/** A classifier of a small model; `classified` are the pictures that reached the worker. */
async function open(options: ClassifierOptions = {}) {
  const worker = new ServedWorker();
  const createWorker = () => worker.asWorker();
  const wasm = wasmBytes('simd');
  const classifier = await createClassifier(bytes, { wasm, createWorker, ...options });
  const classified = () => worker.posted.filter(({ call }) => call === 'classify');
  return { classifier, worker, classified };
}

const picture = (seed: number, side = 9) => {
  const random = randomFrom(seed);
  const data = Uint8Array.from({ length: side * side * 4 }, () => random.below(256));
  return { data, width: side, height: side };
};

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test('the model as it is without a worker: labels, description, predictions', async () => {
  const model = await loadModel(bytes, { wasm: wasmModule('simd') });
  const { classifier } = await open();
  const { name, labels, labelIds, build } = model;
  expect(classifier).toMatchObject({ name, labels, labelIds, build });
  expect(classifier.describe()).toEqual(model.describe());
  const { predictions } = await classifier.classify(picture(1), { topK: 3 });
  expect(predictions).toEqual((await model.classify(picture(1), { topK: 3 })).predictions);
  const steps = (await model.profile()).map(({ value }) => value);
  expect((await classifier.profile()).map(({ value }) => value)).toEqual(steps);
});

test('an error of the worker arrives with its class, and the next picture is classified', async () => {
  const { classifier } = await open();
  await expect(classifier.classify(picture(1), { topK: 6 })).rejects.toMatchObject({
    name: 'InputError',
    code: 'INVALID_OPTION',
    hint: 'a whole number from 1 to 5',
  });
  expect((await classifier.classify(picture(1))).predictions).toHaveLength(5);
});

describe('pixels', () => {
  test('are copied at the call: what the caller does to them later does not show', async () => {
    const { classifier } = await open();
    const wanted = await classifier.classify(picture(1));
    const mine = picture(1);
    const first = classifier.classify(picture(2));
    const second = classifier.classify(mine);
    mine.data.fill(0);
    await first;
    expect((await second).predictions).toEqual(wanted.predictions);
    expect(mine.data).toHaveLength(9 * 9 * 4);
  });

  test('are handed over where the caller says so', async () => {
    const { classifier } = await open();
    const mine = picture(1);
    await classifier.classify(mine, { transfer: true });
    expect(mine.data).toHaveLength(0);
  });

  test.each<[string, unknown, string]>([
    ['undefined', undefined, 'PICTURE_DECODE'],
    ['text', 'cat.png', 'PICTURE_DECODE'],
    ['floats', { data: new Float32Array(12), width: 2, height: 2 }, 'PICTURE_DECODE'],
    ['too few bytes', { data: new Uint8Array(12), width: 2, height: 3 }, 'PICTURE_SIZE'],
  ])('%s: refused, and nothing is posted', async (_, source, code) => {
    const { classifier, classified } = await open();
    const classifying = classifier.classify(source as Blob);
    await expect(classifying).rejects.toMatchObject({ name: 'InputError', code });
    expect(classified()).toHaveLength(0);
  });
});

describe('abort', () => {
  test('while waiting: ABORTED at once, and it never reaches the worker', async () => {
    const { classifier, classified } = await open();
    const controller = new AbortController();
    const first = classifier.classify(picture(1));
    const second = classifier.classify(picture(2), { signal: controller.signal });
    const third = classifier.classify(picture(3));
    controller.abort(new Error('no more'));
    await expect(second).rejects.toMatchObject({
      name: 'RuntimeError',
      code: 'ABORTED',
      cause: expect.objectContaining({ message: 'no more' }),
    });
    await Promise.all([first, third]);
    expect(classified()).toHaveLength(2);
  });

  test('while it runs: ABORTED at once; the late answer is not taken for the next one', async () => {
    const { classifier, classified } = await open();
    const wanted = (await classifier.classify(picture(2))).predictions;
    const controller = new AbortController();
    const first = classifier.classify(picture(1), { signal: controller.signal });
    const failed = expect(first).rejects.toMatchObject({ code: 'ABORTED' });
    while (classified().length < 2) await Promise.resolve();
    controller.abort();
    await failed;
    expect((await classifier.classify(picture(2))).predictions).toEqual(wanted);
  });

  test('before the call: ABORTED, nothing is posted', async () => {
    const { classifier, classified } = await open();
    const classifying = classifier.classify(picture(1), { signal: AbortSignal.abort() });
    await expect(classifying).rejects.toMatchObject({ code: 'ABORTED' });
    expect(classified()).toHaveLength(0);
  });

  test('after the answer: nothing happens', async () => {
    const { classifier } = await open();
    const controller = new AbortController();
    const answer = await classifier.classify(picture(1), { signal: controller.signal });
    controller.abort();
    expect(answer.predictions).toHaveLength(5);
  });
});

test('latest: of three, the first and the last are classified', async () => {
  const { classifier, classified } = await open({ queue: 'latest' });
  const answers = [1, 2, 3].map((seed) => classifier.classify(picture(seed)));
  const outcomes = (await Promise.allSettled(answers)).map(({ status }) => status);
  expect(outcomes).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(classified()).toHaveLength(2);
});

test('latest: a call that is aborted before does not take the place of one that waits', async () => {
  const { classifier } = await open({ queue: 'latest' });
  const answers = [1, 2].map((seed) => classifier.classify(picture(seed)));
  const aborted = classifier.classify(picture(3), { signal: AbortSignal.abort() });
  await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
  expect(await Promise.all(answers)).toHaveLength(2);
});

test('disposed of while a picture is being taken: DISPOSED, though it never comes', async () => {
  vi.stubGlobal('createImageBitmap', () => new Promise(() => undefined));
  const { classifier } = await open();
  const bitmap = {
    [Symbol.toStringTag]: 'ImageBitmap',
    width: 2,
    height: 2,
    close: () => undefined,
  };
  const pending = [classifier.classify(bitmap), classifier.classify(picture(1))];
  classifier.dispose();
  for (const call of pending) await expect(call).rejects.toMatchObject({ code: 'DISPOSED' });
});

test('disposed of: what is pending and later is DISPOSED, the worker ended', async () => {
  const { classifier, worker } = await open();
  const pending = [
    classifier.classify(picture(1)),
    classifier.classify(picture(2)),
    classifier.profile(),
  ];
  classifier.dispose();
  // Its earlier name; a second time is once.
  classifier.terminate();
  pending.push(classifier.classify(picture(3)), classifier.profile());
  for (const call of pending) {
    await expect(call).rejects.toMatchObject({ name: 'RuntimeError', code: 'DISPOSED' });
  }
  expect(worker.terminated).toBe(true);
});

test('the worker fails: what runs and waits is rejected at once', async () => {
  const { classifier, worker } = await open();
  const pending = [1, 2, 3].map((seed) => classifier.classify(picture(seed)));
  worker.fail('out of memory');
  for (const call of pending) {
    await expect(call).rejects.toMatchObject({ code: 'WORKER_FAILED' });
  }
});

describe('a picture that never comes', () => {
  const bitmap = () => {
    const close = () => undefined;
    return { [Symbol.toStringTag]: 'ImageBitmap', width: 2, height: 2, close };
  };

  test('fails after its time, and only that one; the next is classified', async () => {
    vi.stubGlobal('createImageBitmap', () => new Promise(() => undefined));
    const { classifier } = await open();
    const stuck = classifier.classify(bitmap(), { pictureTimeout: 20 });
    const next = classifier.classify(picture(1));
    await expect(stuck).rejects.toMatchObject({
      name: 'InputError',
      code: 'PICTURE_FETCH',
      message: expect.stringContaining('20 ms'),
    });
    expect((await next).predictions).toHaveLength(5);
  });

  test('aborted: at once, and the next is classified', async () => {
    vi.stubGlobal('createImageBitmap', () => new Promise(() => undefined));
    const { classifier } = await open();
    const controller = new AbortController();
    const stuck = classifier.classify(bitmap(), { signal: controller.signal });
    const next = classifier.classify(picture(1));
    controller.abort();
    await expect(stuck).rejects.toMatchObject({ code: 'ABORTED' });
    expect((await next).predictions).toHaveLength(5);
  });

  test.each([0, -1, Number.NaN])('a time-out of %s: INVALID_OPTION', async (timeout) => {
    const { classifier } = await open();
    const late = classifier.classify(picture(1), { pictureTimeout: timeout });
    await expect(late).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(open({ workerTimeout: timeout })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });
});

describe('the worker is ended from outside', () => {
  /** One of each, in turn. */
  async function openOn(model: Parameters<typeof createClassifier>[0], workers: FakeWorker[]) {
    const createWorker = vi.fn(() => workers.shift()!.asWorker());
    const options = { wasm: wasmBytes('simd'), createWorker, workerTimeout: 300 };
    return { classifier: await createClassifier(model, options), createWorker };
  }

  test('what is pending is WORKER_FAILED, the next request starts another one', async () => {
    const first = new ServedWorker();
    const { classifier, createWorker } = await openOn(bytes, [first, new ServedWorker()]);
    const wanted = (await classifier.classify(picture(1))).predictions;
    first.terminate();
    const pending = [classifier.classify(picture(1)), classifier.classify(picture(2))];
    for (const call of pending) {
      await expect(call).rejects.toMatchObject({ code: 'WORKER_FAILED' });
    }
    expect((await classifier.classify(picture(1))).predictions).toEqual(wanted);
    expect(await classifier.profile()).not.toHaveLength(0);
    expect(createWorker).toHaveBeenCalledTimes(2);
  });

  test('a model from a response without an address cannot be loaded again: it says so', async () => {
    const first = new ServedWorker();
    const { classifier } = await openOn(new Response(bytes), [first]);
    first.fail('out of memory');
    await expect(classifier.classify(picture(1))).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      hint: expect.stringContaining('create another classifier'),
    });
  });

  test('disposed of while it starts again: DISPOSED, and the new worker is ended', async () => {
    const [first, second] = [new ServedWorker(), new FakeWorker()];
    const { classifier } = await openOn(bytes, [first, second]);
    first.fail('out of memory');
    const call = classifier.classify(picture(1));
    const failed = expect(call).rejects.toMatchObject({ code: 'DISPOSED' });
    await settled();
    expect(second.posted.map(({ call }) => call)).toEqual(['prepare']);
    classifier.dispose();
    await failed;
    expect(second.terminated).toBe(true);
    await expect(classifier.profile()).rejects.toMatchObject({ code: 'DISPOSED' });
  });
});

describe('loading', () => {
  test('a wrong model: its class and code, and the worker is ended', async () => {
    const worker = new ServedWorker();
    const createWorker = () => worker.asWorker();
    const loading = createClassifier(new Uint8Array(100), {
      createWorker,
      wasm: wasmBytes('simd'),
    });
    await expect(loading).rejects.toMatchObject({ name: 'ModelFormatError' });
    expect(worker.terminated).toBe(true);
  });

  test('aborted: ABORTED at once though the worker never answers, and it is ended', async () => {
    const worker = new FakeWorker();
    const controller = new AbortController();
    const { signal } = controller;
    const createWorker = () => worker.asWorker();
    const loading = createClassifier(bytes, { createWorker, signal });
    await settled();
    expect(worker.posted).toHaveLength(1);
    controller.abort();
    await expect(loading).rejects.toMatchObject({ name: 'RuntimeError', code: 'ABORTED' });
    expect(worker.terminated).toBe(true);
  });

  test('aborted before: no worker is made', async () => {
    const createWorker = () => {
      throw new Error('made');
    };
    const loading = createClassifier(bytes, { createWorker, signal: AbortSignal.abort() });
    await expect(loading).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('the worker fails before it has loaded: WORKER_FAILED', async () => {
    const worker = new FakeWorker();
    const loading = createClassifier(bytes, { createWorker: () => worker.asWorker() });
    const failed = expect(loading).rejects.toMatchObject({ code: 'WORKER_FAILED' });
    worker.fail();
    await failed;
  });

  test('the model arrives while the worker still starts', async () => {
    const seen: number[] = [];
    const worker = new FakeWorker();
    const controller = new AbortController();
    const loading = createClassifier(new Response(bytes), {
      createWorker: () => worker.asWorker(),
      onProgress: ({ loaded }) => seen.push(loaded),
      signal: controller.signal,
    });
    const failed = expect(loading).rejects.toMatchObject({ code: 'ABORTED' });
    await settled();
    expect(seen.at(-1)).toBe(bytes.length);
    expect(worker.posted.map(({ call }) => call)).toEqual(['prepare']);
    controller.abort();
    await failed;
  });

  test('kernels that cannot be compiled: WASM_INVALID at once though the model never comes', async () => {
    const worker = new ServedWorker();
    const loading = createClassifier(new Response(new ReadableStream()), {
      createWorker: () => worker.asWorker(),
      wasm: new Uint8Array(8),
    });
    await expect(loading).rejects.toMatchObject({ name: 'RuntimeError', code: 'WASM_INVALID' });
    expect(worker.terminated).toBe(true);
  });

  test("a response is read on the caller's side, with progress", async () => {
    const seen: number[] = [];
    const worker = new ServedWorker();
    const { name } = await createClassifier(new Response(bytes), {
      createWorker: () => worker.asWorker(),
      wasm: wasmBytes('simd'),
      onProgress: ({ loaded }) => seen.push(loaded),
    });
    expect(name).toBe('tiny');
    expect(seen.at(-1)).toBe(bytes.length);
  });
});
