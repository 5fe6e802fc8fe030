import { expect, test } from 'vitest';
import { abortable } from '../../src/worker/abortable.ts';

const never = new Promise<string>(() => undefined);

test('the outcome of the work where nobody aborts', async () => {
  const { signal } = new AbortController();
  expect(await abortable(Promise.resolve('done'), signal)).toBe('done');
  await expect(abortable(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  expect(await abortable(Promise.resolve('done'), undefined)).toBe('done');
});

test('aborted before: ABORTED, though the work never ends', async () => {
  const aborting = abortable(never, AbortSignal.abort('why'));
  await expect(aborting).rejects.toMatchObject({ code: 'ABORTED', cause: 'why' });
});

test('aborted meanwhile: ABORTED; what the work comes to later is dropped', async () => {
  const controller = new AbortController();
  let fail: (error: Error) => void = () => undefined;
  const work = new Promise<string>((_, reject) => {
    fail = reject;
  });
  const aborting = abortable(work, controller.signal);
  controller.abort('why');
  fail(new Error('late'));
  await expect(aborting).rejects.toMatchObject({ code: 'ABORTED', cause: 'why' });
});
