import { expect, test } from 'vitest';
import { RuntimeError } from '../../src/errors.ts';
import { createQueue, type QueuePolicy } from '../../src/worker/queue.ts';

/** Work that is done when the test says so. */
function heldWork() {
  const started: string[] = [];
  const finish = new Map<string, (error?: Error) => void>();
  const work = (name: string) => () =>
    new Promise<string>((resolve, reject) => {
      started.push(name);
      finish.set(name, (error) => (error ? reject(error) : resolve(name)));
    });
  return { started, work, finish: (name: string, error?: Error) => finish.get(name)!(error) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test('all: one at a time, in order, each with its own result', async () => {
  const { started, work, finish } = heldWork();
  const queue = createQueue('all');
  const results = ['a', 'b', 'c'].map((name) => queue.add(work(name)));
  await settled();
  expect(started).toEqual(['a']);
  finish('a');
  expect(await results[0]).toBe('a');
  await settled();
  expect(started).toEqual(['a', 'b']);
  finish('b');
  await settled();
  finish('c');
  expect(await Promise.all(results)).toEqual(['a', 'b', 'c']);
});

test('what fails does not hold up what waits', async () => {
  const { work, finish } = heldWork();
  const queue = createQueue('all');
  const first = queue.add(work('a'));
  const second = queue.add(work('b'));
  finish('a', new Error('no'));
  await expect(first).rejects.toThrow('no');
  await settled();
  finish('b');
  expect(await second).toBe('b');
});

test('latest: the newest takes the place of the one that waits; the running one is let be', async () => {
  const { started, work, finish } = heldWork();
  const queue = createQueue('latest');
  const [a, b, c] = ['a', 'b', 'c'].map((name) => queue.add(work(name)));
  await expect(b).rejects.toMatchObject({ name: 'RuntimeError', code: 'ABORTED' });
  finish('a');
  expect(await a).toBe('a');
  await settled();
  finish('c');
  expect(await c).toBe('c');
  expect(started).toEqual(['a', 'c']);
});

test.each<QueuePolicy>(['all', 'latest'])(
  '%s: closed, it rejects what runs, waits and comes later, and starts nothing more',
  async (policy) => {
    const { started, work, finish } = heldWork();
    const queue = createQueue(policy);
    const error = new RuntimeError('DISPOSED', 'closed');
    const running = queue.add(work('a'));
    const waiting = queue.add(work('b'));
    queue.close(error);
    queue.close(new RuntimeError('WORKER_FAILED', 'later'));
    await expect(running).rejects.toBe(error);
    await expect(waiting).rejects.toBe(error);
    await expect(queue.add(work('c'))).rejects.toBe(error);
    finish('a');
    await settled();
    expect(started).toEqual(['a']);
  },
);

test('an unknown policy: INVALID_OPTION', () => {
  expect(() => createQueue('newest' as QueuePolicy)).toThrow(
    expect.objectContaining({ name: 'InputError', code: 'INVALID_OPTION' }),
  );
});
