import { expect, test, vi } from 'vitest';
import { RuntimeError } from '../../src/errors.ts';
import { connect } from '../../src/worker/connection.ts';
import type { Reply } from '../../src/worker/protocol.ts';
import { FakeWorker } from './fake-worker.ts';

function connected() {
  const worker = new FakeWorker();
  const onClose = vi.fn();
  return { worker, onClose, connection: connect(worker.asWorker(), onClose) };
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
