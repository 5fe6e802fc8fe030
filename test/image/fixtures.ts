/** The pictures and values of test/fixtures/resize, made by make_fixtures.py there. */

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { PNG } from 'pngjs';
import type { Picture } from '../../src/image/picture.ts';

const fixtures = new URL('../fixtures/resize/', import.meta.url);
const samples = new URL('../../samples/', import.meta.url);

export function readCases(): Record<'resize' | 'preprocess', unknown[]> {
  return JSON.parse(readFileSync(new URL('cases.json', fixtures), 'utf8'));
}

export function readExpected(name: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(new URL(name, fixtures))));
}

/** An input picture as RGBA, whatever its file has. */
export function readInput(name: string): Picture {
  const folder = name === 'chelsea' || name === 'coffee' ? samples : fixtures;
  const { data, width, height } = PNG.sync.read(readFileSync(new URL(`${name}.png`, folder)));
  return { data: new Uint8Array(data), width, height };
}
