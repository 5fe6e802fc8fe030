import { execFileSync } from 'node:child_process';
import {
  createReadStream,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileLimit } from '../../src/file/byte-limit.ts';
import { loadModel, type NodeModel, type PictureSource } from '../../src/node/index.ts';
import { readFileBytes } from '../../src/node/read-file.ts';
import { tinyModelFile } from '../helpers/model-file.ts';
import { wasmBytes } from '../helpers/run.ts';

const path = fileURLToPath(new URL('../../samples/chelsea.png', import.meta.url));
const bytes = new Uint8Array(readFileSync(path));

let model: NodeModel;
let wanted: unknown;
let server: Server;
let origin: string;
let folder: string;

beforeAll(async () => {
  model = await loadModel(await tinyModelFile(), { wasm: wasmBytes('simd') });
  wanted = (await model.classify(path)).predictions;
  server = createServer((request, response) => {
    if (request.url === '/chelsea.png') response.end(bytes);
    else if (request.url === '/hangs') response.flushHeaders();
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = mkdtempSync(join(tmpdir(), 'mobinet-test-'));
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

describe('classify takes', () => {
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  const sources: Record<string, () => PictureSource | Promise<PictureSource>> = {
    'a path': () => path,
    'a file: URL': () => pathToFileURL(path),
    'a file: URL as text': () => pathToFileURL(path).href,
    'a Uint8Array': () => bytes,
    'a Buffer': () => readFileSync(path),
    'an ArrayBuffer': () => bytes.slice().buffer,
    'a SharedArrayBuffer': () => shared,
    'a DataView': () => new DataView(bytes.buffer, 0, bytes.length),
    'a Blob': () => new Blob([bytes]),
    'a File': () => new File([bytes], 'chelsea.png'),
    'a Response': () => fetch(`${origin}/chelsea.png`),
    'a web stream': () => new Blob([bytes]).stream(),
    'a stream of Node': () => createReadStream(path),
    'an http address': () => `${origin}/chelsea.png`,
    'an http URL': () => new URL(`${origin}/chelsea.png`),
    'a data: address': () => `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`,
  };
  test.each(Object.keys(sources))('%s', async (name) => {
    expect((await model.classify(await sources[name]!())).predictions).toEqual(wanted);
  });
});

describe('classify refuses', () => {
  test.each<[string, unknown, string, string]>([
    ['nothing', undefined, 'PICTURE_DECODE', 'from Undefined'],
    ['null', null, 'PICTURE_DECODE', 'from Null'],
    ['a number', 7, 'PICTURE_DECODE', 'from Number'],
    ['an object of something else', { width: 2 }, 'PICTURE_DECODE', 'from Object'],
    [
      'floats',
      { data: new Float32Array(12), width: 2, height: 2 },
      'PICTURE_DECODE',
      'from Object',
    ],
    ['an empty Blob', new Blob([]), 'PICTURE_DECODE', '0 bytes'],
    ['a file: address without a path', 'file://', 'FILE_NOT_FOUND', 'file://'],
    ['a file: address of another host', 'file://elsewhere/cat.png', 'FILE_NOT_FOUND', 'elsewhere'],
    ['an address of nobody', 'http://127.0.0.1:1/cat.png', 'PICTURE_FETCH', '127.0.0.1:1'],
    ['a data: address that is none', 'data:;base64,%', 'PICTURE_FETCH', 'data:'],
    ['a path with a zero byte', 'cat\0.png', 'FILE_UNREADABLE', 'Cannot read'],
  ])('%s', async (_, source, code, message) => {
    const refused = model.classify(source as string);
    await expect(refused).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  test('an answer of 404, with its status', async () => {
    await expect(model.classify(`${origin}/none`)).rejects.toMatchObject({
      code: 'PICTURE_FETCH',
      hint: 'HTTP 404',
    });
  });

  test('too many pixels, by the limit given', async () => {
    await expect(model.classify(path, { maxPixels: 1000 })).rejects.toMatchObject({
      code: 'PICTURE_SIZE',
    });
  });
});

describe('signal', () => {
  test.each<[string, () => PictureSource]>([
    ['a server that hangs', () => `${origin}/hangs`],
    ['a stream that nothing comes from', () => new ReadableStream()],
  ])('%s is left at once', async (_, source) => {
    const controller = new AbortController();
    const pending = model.classify(source(), { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 50);
    await expect(pending).rejects.toMatchObject({
      name: 'RuntimeError',
      code: 'ABORTED',
      cause: expect.objectContaining({ message: 'enough' }),
    });
  });

  test('aborted before: nothing is opened', async () => {
    const pending = model.classify('no-such-file.png', { signal: AbortSignal.abort() });
    await expect(pending).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('readFileBytes has a limit', () => {
  test('for files, by their size', async () => {
    const large = join(folder, 'large.png');
    writeFileSync(large, '');
    truncateSync(large, 2 ** 30 + 1);
    await expect(readFileBytes(large)).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
  });

  test('for devices, by what has come', async () => {
    const endless = readFileBytes('/dev/zero', { limit: fileLimit(2 ** 20) });
    await expect(endless).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
  });

  test('a pipe is read to its end', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [bytes] = await Promise.all([readFileBytes(pipe), writeFile(pipe, 'picture')]);
    expect(new TextDecoder().decode(bytes)).toBe('picture');
  });

  test('pipes that nobody writes to hold up nothing, and are left on abort', async () => {
    const pipe = join(folder, 'silent');
    execFileSync('mkfifo', [pipe]);
    const abort = new AbortController();
    // More than Node has threads for files.
    const pending = Array.from({ length: 5 }, () => model.classify(pipe, { signal: abort.signal }));
    await readFileBytes(fileURLToPath(import.meta.url));
    abort.abort();
    for (const each of pending) await expect(each).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('a device is no model: refused by its beginning', async () => {
    await expect(loadModel('/dev/zero')).rejects.toMatchObject({ code: 'NOT_A_MODEL' });
  });

  test('`limits.fileBytes` is that of a model', async () => {
    const model = new URL('../../models/mobinet-mid-k3-w50-64.safetensors', import.meta.url);
    const loading = loadModel(model, { limits: { fileBytes: 1000 } });
    await expect(loading).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
  });

  test('`maxPixels` is also that of decoded pictures', async () => {
    const white = { data: new Uint8Array(3 * 64), width: 8, height: 8 };
    const refused = model.classify(white, { maxPixels: 63 });
    await expect(refused).rejects.toMatchObject({ code: 'PICTURE_SIZE' });
  });
});
