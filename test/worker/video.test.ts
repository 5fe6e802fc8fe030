import { expect, test } from 'vitest';
import { InputError, RuntimeError } from '../../src/errors.ts';
import type { Classification } from '../../src/model.ts';
import type { ClassifyPictureOptions } from '../../src/worker/classifier.ts';
import { stream, type VideoOptions } from '../../src/worker/video.ts';

type Shown = (now: number, metadata: { mediaTime: number }) => void;

/** A video whose frames come when the test says so. */
class FakeVideo extends EventTarget {
  /** Nothing to show, until there is a frame. */
  readyState = 0;
  ended = false;
  currentTime = 0;
  listeners = new Map<number, Shown>();
  requestVideoFrameCallback(listener: Shown): number {
    const handle = this.listeners.size + 1;
    this.listeners.set(handle, listener);
    return handle;
  }
  cancelVideoFrameCallback(handle: number): void {
    this.listeners.delete(handle);
  }
  show(mediaTime: number): void {
    const [[handle, listener] = []] = this.listeners;
    if (handle === undefined || listener === undefined) return;
    this.listeners.delete(handle);
    this.readyState = 2;
    listener(0, { mediaTime });
  }
}

const CLASSES = { labels: ['cat', 'dog', 'sign'], labelIds: undefined };

const classificationOf = (...scores: number[]): Classification => ({
  predictions: scores.map((score, index) => ({ index, label: CLASSES.labels[index]!, score })),
  timings: { preprocess: 1, run: 2, total: 3 },
  threads: 1,
});

/** @param scores of each frame in turn, or what classifying it fails with */
function open(scores: (number[] | Error)[], options?: VideoOptions) {
  const video = new FakeVideo();
  const asked: ClassifyPictureOptions[] = [];
  const classify = async (_: unknown, wish: ClassifyPictureOptions = {}) => {
    asked.push(wish);
    const next = scores.shift()!;
    if (next instanceof Error) throw next;
    return classificationOf(...next);
  };
  const frames = stream(classify, CLASSES, video as unknown as HTMLVideoElement, options);
  return { video, asked, frames };
}

test('a frame a request: those that come meanwhile are dropped for the newest', async () => {
  const { video, asked, frames } = open([
    [1, 0, 0],
    [1, 0, 0],
  ]);
  const first = frames.next();
  video.show(1);
  expect((await first).value).toMatchObject({ time: 1, threads: 1 });
  for (const time of [2, 3, 4]) video.show(time);
  expect(asked).toHaveLength(1);
  expect((await frames.next()).value).toMatchObject({ time: 4 });
  expect(asked).toHaveLength(2);
});

test('scores of all classes are averaged, and the options choose from the average', async () => {
  const options = { smoothing: 1000, deny: ['dog'], topK: 1, rotate: 90 } as const;
  const scores = [
    [0.9, 0.1, 0],
    [0, 0.1, 0.9],
  ];
  const { video, asked, frames } = open(scores, options);
  video.show(0);
  await frames.next();
  video.show(0.5);
  const { predictions } = (await frames.next()).value!;
  expect(predictions).toHaveLength(1);
  expect(predictions[0]).toMatchObject({ label: 'cat' });
  expect(predictions[0]!.score).toBeCloseTo(0.9 * Math.exp(-0.5), 5);
  expect(asked[0]).toMatchObject({ rotate: 90, topK: 'all' });
  expect(asked[0]).not.toHaveProperty('deny');
});

test('a frame that shows already is the first; the last one is seen before the end', async () => {
  const video = new FakeVideo();
  Object.assign(video, { readyState: 2, currentTime: 7, ended: true });
  const classify = async () => classificationOf(1, 0, 0);
  const frames = stream(classify, CLASSES, video as unknown as HTMLVideoElement);
  expect((await frames.next()).value).toMatchObject({ time: 7 });
  expect(await frames.next()).toEqual({ done: true, value: undefined });
});

test.each(['ended', 'emptied'])('%s ends it for whoever waits', async (event) => {
  const { video, frames } = open([]);
  const waiting = frames.next();
  video.dispatchEvent(new Event(event));
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(video.listeners.size).toBe(0);
});

test('a frame that is gone before its turn is none', async () => {
  const { video, asked, frames } = open([[1, 0, 0]]);
  video.show(1);
  await frames.next();
  video.show(2);
  video.readyState = 0;
  const waiting = frames.next();
  video.dispatchEvent(new Event('emptied'));
  expect((await waiting).done).toBe(true);
  expect(asked).toHaveLength(1);
});

test('return ends it at once, also while a frame is awaited', async () => {
  const { video, frames } = open([]);
  const waiting = frames.next();
  expect(await frames.return!()).toEqual({ done: true, value: undefined });
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(video.listeners.size).toBe(0);
  expect((await frames.next()).done).toBe(true);
});

test('a signal ends it with ABORTED', async () => {
  const controller = new AbortController();
  const { video, frames } = open([], { signal: controller.signal });
  const waiting = frames.next();
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
  expect(video.listeners.size).toBe(0);
});

test('a signal given before anything is asked: ABORTED, and no frame is classified', async () => {
  const { video, asked, frames } = open([[1, 0, 0]], { signal: AbortSignal.abort('gone') });
  video.show(1);
  await expect(frames.next()).rejects.toMatchObject({ code: 'ABORTED', cause: 'gone' });
  expect(asked).toHaveLength(0);
  expect((await frames.next()).done).toBe(true);
});

test('a frame whose place another request took is dropped; another failure ends it', async () => {
  const { video, frames } = open([
    new RuntimeError('ABORTED', 'a newer one'),
    [0, 1, 0],
    new InputError('PICTURE_DECODE', 'no frame'),
  ]);
  const first = frames.next();
  video.show(1);
  await new Promise((resolve) => setTimeout(resolve, 1));
  video.show(2);
  expect((await first).value).toMatchObject({ time: 2 });
  video.show(3);
  await expect(frames.next()).rejects.toMatchObject({ code: 'PICTURE_DECODE' });
  expect((await frames.next()).done).toBe(true);
});

test.each([{ smoothing: -1 }, { smoothing: Number.NaN }, { topK: 4 }])(
  '%o is refused',
  (options) => {
    expect(() => open([], options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  },
);
