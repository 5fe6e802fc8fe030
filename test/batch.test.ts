import { expect, test } from 'vitest';
import { classifyEach } from '../src/batch.ts';
import { InputError, RuntimeError } from '../src/errors.ts';
import type { Classification } from '../src/model.ts';

const classificationOf = (score: number): Classification => ({
  predictions: [{ index: 0, label: 'a', score }],
  timings: { preprocess: 0, run: 0, total: 0 },
  threads: 1,
});

const resolved = () => new Promise((resolve) => setTimeout(resolve, 1));

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

test('results come in the order of the pictures, whichever is done first', async () => {
  const slowFirst = async (picture: number) => {
    await new Promise((resolve) => setTimeout(resolve, 20 - 5 * picture));
    return classificationOf(picture);
  };
  const results = await collect(classifyEach([0, 1, 2, 3], 4, slowFirst));
  expect(
    results.map(({ index, picture, classification }) => [index, picture, classification]),
  ).toEqual([0, 1, 2, 3].map((picture) => [picture, picture, classificationOf(picture)]));
});

test('of a source without end no more is taken than is under way', async () => {
  let taken = 0;
  function* numbers() {
    while (true) yield taken++;
  }
  let running = 0;
  let most = 0;
  const results = classifyEach(numbers(), 3, async (picture) => {
    most = Math.max(most, ++running);
    await resolved();
    running--;
    return classificationOf(picture);
  });
  for (let i = 0; i < 10; i++) {
    expect((await results.next()).value?.picture).toBe(i);
    await resolved();
    expect(taken).toBeLessThanOrEqual(i + 1 + 3);
  }
  expect(most).toBe(3);
});

test('leaving the loop ends the source', async () => {
  let ended = false;
  async function* pictures() {
    try {
      yield* [1, 2, 3];
    } finally {
      ended = true;
    }
  }
  for await (const { picture } of classifyEach(pictures(), 1, async (n) => classificationOf(n))) {
    expect(picture).toBe(1);
    break;
  }
  expect(ended).toBe(true);
});

test('what is done does not wait for a source that is slow', async () => {
  async function* pictures() {
    yield 1;
    await new Promise(() => undefined);
  }
  const results = classifyEach(pictures(), 2, async (n) => classificationOf(n));
  expect((await results.next()).value?.picture).toBe(1);
});

test('a bad picture is a result, and the others go on', async () => {
  const error = new InputError('PICTURE_DECODE', 'no picture');
  const results = await collect(
    classifyEach(['good', 'bad', 'good'], 2, async (picture) => {
      if (picture === 'bad') throw error;
      return classificationOf(1);
    }),
  );
  expect(results.map((result) => result.error)).toEqual([undefined, error, undefined]);
});

test.each([
  new RuntimeError('DISPOSED', 'gone'),
  new InputError('INVALID_OPTION', 'topK is 0'),
  new TypeError('a mistake'),
])('what is no fault of a picture ends it: %s', async (error) => {
  const results = classifyEach([1, 2, 3], 2, () => Promise.reject(error));
  await expect(collect(results)).rejects.toBe(error);
});

test.each([0, 1.5, Number.NaN])('a concurrency of %d is refused', async (concurrency) => {
  const results = classifyEach([1], concurrency, async () => classificationOf(1));
  await expect(results.next()).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});
