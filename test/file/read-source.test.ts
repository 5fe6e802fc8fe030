import { describe, expect, test } from 'vitest';
import { type LoadProgress, readSource } from '../../src/file/read-source.ts';

const content = Uint8Array.from({ length: 300 }, (_, index) => index);

/** In pieces of 100 bytes. */
const inPieces = () =>
  new ReadableStream({
    start(controller) {
      for (let at = 0; at < 300; at += 100) controller.enqueue(content.slice(at, at + 100));
      controller.close();
    },
  });

test.each<[string, Parameters<typeof readSource>[0]]>([
  ['bytes', content],
  ['an ArrayBuffer', content.buffer],
  ['a Blob', new Blob([content])],
  ['a Response', new Response(content)],
])('reads %s', async (_, source) => {
  expect(new Uint8Array(await readSource(source))).toEqual(content);
});

test('bytes that arrive in pieces are put together, and progress says how far it is', async () => {
  const seen: LoadProgress[] = [];
  const response = new Response(inPieces(), { headers: { 'content-length': '300' } });
  const bytes = await readSource(response, { onProgress: (progress) => seen.push(progress) });
  expect(bytes).toEqual(content);
  expect(seen.map(({ loaded }) => loaded)).toEqual([0, 100, 200, 300]);
  expect(new Set(seen.map(({ total }) => total))).toEqual(new Set([300]));
});

test('the length of a compressed answer is not taken for that of its content', async () => {
  const seen: LoadProgress[] = [];
  const headers = { 'content-length': '10', 'content-encoding': 'gzip' };
  await readSource(new Response(content, { headers }), {
    onProgress: (progress) => seen.push(progress),
  });
  expect(seen.at(-1)).toEqual({ loaded: 300, total: undefined });
});

test.each(['', '150', '1000'])(
  'all of the content, whatever the server says: %o',
  async (length) => {
    const headers = length === '' ? {} : { 'content-length': length };
    const bytes = await readSource(new Response(inPieces(), { headers }));
    expect(bytes).toEqual(content);
    expect(bytes.buffer.byteLength).toBe(300);
  },
);

describe('of more than `limits.fileBytes`: FILE_TOO_LARGE', () => {
  const endless = () =>
    new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1000)) });
  const claimed = { headers: { 'content-length': '1e12' } };
  test.each<[string, () => Parameters<typeof readSource>[0]]>([
    ['a Blob', () => new Blob([new Uint8Array(20_000)])],
    ['a response without an end', () => new Response(endless())],
    ['a response that says it has more', () => new Response(inPieces(), claimed)],
  ])('%s', async (_, source) => {
    await expect(readSource(source(), { limits: { fileBytes: 10_000 } })).rejects.toMatchObject({
      code: 'FILE_TOO_LARGE',
      hint: expect.stringContaining('limits.fileBytes'),
    });
  });
});

describe('failures', () => {
  test('HTTP 404: MODEL_FETCH, with the status', async () => {
    const response = new Response('no', { status: 404, statusText: 'Not Found' });
    await expect(readSource(response)).rejects.toMatchObject({
      code: 'MODEL_FETCH',
      message: expect.stringContaining('HTTP 404 Not Found'),
    });
  });

  test('an address that cannot be fetched: MODEL_FETCH, with the address', async () => {
    await expect(readSource('data:no comma')).rejects.toMatchObject({
      code: 'MODEL_FETCH',
      message: expect.stringContaining('data:no comma'),
    });
  });

  test('aborted half way: ABORTED', async () => {
    const controller = new AbortController();
    const body = new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(10)) });
    const reading = readSource(new Response(body), {
      signal: controller.signal,
      onProgress: ({ loaded }) => loaded > 50 && controller.abort(),
    });
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED', name: 'RuntimeError' });
  });
});
