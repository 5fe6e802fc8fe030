import { readdirSync, readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { lookAt } from '../../src/worker/stored-file.ts';

const folder = new URL('../fixtures/pictures/', import.meta.url);
const files = readdirSync(folder).filter((name) => /\.(png|jpg)$/.test(name));
const look = (bytes: Uint8Array) => lookAt(Uint8Array.from(bytes).buffer);

test.each(files)('%s', async (name) => {
  const bytes = readFileSync(new URL(name, folder));
  const { width, height } = await sharp(bytes).metadata();
  expect(look(bytes)).toEqual([width, height]);
});

test('a GIF', async () => {
  const gif = sharp({ create: { width: 300, height: 2, channels: 3, background: 'red' } }).gif();
  expect(look(await gif.toBuffer())).toEqual([300, 2]);
});

test('a WebP is said to be one', () => {
  expect(look(readFileSync(new URL('alpha.webp', folder)))).toEqual([1, 1, true]);
});

test('what is too short says nothing', () => {
  expect(look(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0))).toEqual([1, 1]);
  expect(look(new Uint8Array())).toEqual([1, 1]);
});
