import { afterEach, describe, expect, test, vi } from 'vitest';
import { RuntimeError } from '../../src/errors.ts';
import { connect } from '../../src/worker/connection.ts';
import type { Reply } from '../../src/worker/protocol.ts';
import { FakeWorker } from './fake-worker.ts';

function connected(timeout = 30_000) {
  const worker = new FakeWorker();
  const onClose = vi.fn();
  return { worker, onClose, connection: connect(worker.asWorker(), timeout, onClose) };
}

const answer = (id: number, value: string): Reply => ({
  type: 'response',
  id,
  result: [{ value, kernel: 'add', milliseconds: 1 } as never],
});

test('answers go to their questions, in whatever order they come', async () => {
  const { worker, connection } = connected();
  const first = connection.call('profile', undefined);
  const second = connection.call('profile', undefined);
  const [a, b] = worker.posted;
  worker.reply(answer(b!.id, 'b'));
  worker.reply(answer(a!.id, 'a'));
  expect([(await first)[0]!.value, (await second)[0]!.value]).toEqual(['a', 'b']);
});

test('a failure rejects its question only', async () => {
  const { worker, connection } = connected();
  const first = connection.call('profile', undefined);
  const second = connection.call('profile', undefined);
  const error = {
    className: 'GraphError',
    code: 'SHAPE_MISMATCH',
    message: 'no',
    hint: undefined,
  } as const;
  worker.reply({ type: 'failure', id: worker.posted[0]!.id, error });
  worker.reply(answer(worker.posted[1]!.id, 'b'));
  await expect(first).rejects.toMatchObject({ name: 'GraphError', code: 'SHAPE_MISMATCH' });
  expect((await second)[0]!.value).toBe('b');
});

test('an answer that comes twice, or to no question, is ignored', async () => {
  const { worker, connection } = connected();
  const call = connection.call('profile', undefined);
  const { id } = worker.posted[0]!;
  worker.reply(answer(99, 'stray'));
  worker.reply(answer(id, 'first'));
  worker.reply(answer(id, 'second'));
  expect((await call)[0]!.value).toBe('first');
});

test.each<[string, (worker: FakeWorker) => void, string]>([
  ['an exception', (worker) => worker.fail('Uncaught Error: oh'), 'Uncaught Error: oh'],
  ['a script that cannot be loaded', (worker) => worker.fail(), 'cannot be loaded'],
  [
    'an unreadable message',
    (worker) => worker.dispatchEvent(new Event('messageerror')),
    'cannot be read',
  ],
])('%s of the worker: all calls reject with WORKER_FAILED, it is ended', async (_, fail, text) => {
  const { worker, connection, onClose } = connected();
  const pending = [connection.call('profile', undefined), connection.call('profile', undefined)];
  fail(worker);
  const wanted = {
    name: 'RuntimeError',
    code: 'WORKER_FAILED',
    message: expect.stringContaining(text),
  };
  for (const call of [...pending, connection.call('profile', undefined)]) {
    await expect(call).rejects.toMatchObject(wanted);
  }
  expect(worker.terminated).toBe(true);
  expect(worker.posted).toHaveLength(2);
  expect(onClose).toHaveBeenCalledOnce();
});

describe('a worker of which nothing is heard', () => {
  afterEach(() => vi.useRealTimers());
  const pings = (worker: FakeWorker) => worker.posted.filter(({ call }) => call === 'ping').length;

  test('is asked whether it is there, and taken for ended after the time-out', async () => {
    vi.useFakeTimers();
    const { worker, connection, onClose } = connected(3000);
    const first = connection.call('profile', undefined);
    worker.reply(answer(worker.posted[0]!.id, 'here'));
    await first;
    const call = connection.call('profile', undefined);
    const failed = expect(call).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      message: expect.stringContaining('nothing for 3000 ms'),
    });
    vi.advanceTimersByTime(2999);
    expect(onClose).not.toHaveBeenCalled();
    expect(pings(worker)).toBe(2);
    vi.advanceTimersByTime(1);
    await failed;
    expect(worker.terminated).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(pings(worker)).toBe(2);
  });

  test('any word of it counts; while nothing is asked, nothing is sent', async () => {
    vi.useFakeTimers();
    const { worker, connection, onClose } = connected(3000);
    const call = connection.call('profile', undefined);
    for (let i = 0; i < 20; i++) {
      vi.advanceTimersByTime(1000);
      worker.reply({ type: 'response', id: worker.posted.at(-1)!.id + 1, result: undefined });
    }
    expect(onClose).not.toHaveBeenCalled();
    worker.reply(answer(worker.posted[0]!.id, 'late'));
    expect((await call)[0]!.value).toBe('late');
    const before = pings(worker);
    vi.advanceTimersByTime(60_000);
    expect(pings(worker)).toBe(before);
    expect(onClose).not.toHaveBeenCalled();
  });

  test('may take four times as long for its first word', () => {
    vi.useFakeTimers();
    const { connection, onClose } = connected(3000);
    connection.call('profile', undefined).catch(() => undefined);
    vi.advanceTimersByTime(11_999);
    expect(onClose).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onClose).toHaveBeenCalledOnce();
  });

  test('may be silent for ever where the time-out is Infinity', () => {
    vi.useFakeTimers();
    const { worker, connection, onClose } = connected(Infinity);
    connection.call('profile', undefined).catch(() => undefined);
    vi.advanceTimersByTime(1e9);
    expect(pings(worker)).toBe(0);
    expect(onClose).not.toHaveBeenCalled();
  });
});

test('closed twice, the first error stays', async () => {
  const { connection, onClose } = connected();
  const first = new RuntimeError('DISPOSED', 'first');
  connection.close(first);
  connection.close(new RuntimeError('WORKER_FAILED', 'second'));
  await expect(connection.call('profile', undefined)).rejects.toBe(first);
  expect(onClose).toHaveBeenCalledExactlyOnceWith(first);
});

test('what cannot be posted rejects with the reason, and the next call goes through', async () => {
  const { worker, connection } = connected();
  const picture = { data: (() => 0) as never, width: 1, height: 1 };
  await expect(connection.call('classify', { picture, topK: 1 })).rejects.toMatchObject({
    name: 'DataCloneError',
  });
  const next = connection.call('profile', undefined);
  worker.reply(answer(worker.posted[0]!.id, 'next'));
  expect((await next)[0]!.value).toBe('next');
});
