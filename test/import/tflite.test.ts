/** Broken and foreign TensorFlow Lite files. */

import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ImportError, MobinetError } from '../../src/errors.ts';
import { importModel } from '../../src/import/convert.ts';
import { readOptions } from '../../src/import/tflite/flexbuffer.ts';
import { processorTime } from '../helpers/processor-time.ts';
import { randomFrom } from '../helpers/random.ts';

const HEADER = [...new TextEncoder().encode('TFL3')];

function u32(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255];
}

/** Root table at 12 with one field, the version; its list of fields at `fields`. */
function file(version: number, fields = 20): Uint8Array {
  return Uint8Array.from([
    ...u32(12),
    ...HEADER,
    ...u32(0),
    ...u32(12 - fields),
    ...u32(version),
    ...[6, 0, 8, 0, 4, 0],
  ]);
}

test.each([
  ['nothing after the identifier', Uint8Array.from([...u32(8), ...HEADER]), /are needed/],
  ['a root far outside', Uint8Array.from([...u32(0x7fffffff), ...HEADER]), /are needed/],
  ['a table whose fields are before the file', file(3, -400), /are needed/],
  ['another version', file(2), /version is 2/],
  ['no graph', file(3), /0 graphs/],
])('%s is refused', (_, bytes, message) => {
  const error = errorOf(bytes);
  expect(error).toBeInstanceOf(ImportError);
  expect(error?.message).toMatch(message);
});

// { b: -2, a: 300 }: keys, their offsets, then values of two bytes and types.
const OPTIONS = [
  ...[97, 0, 98, 0],
  ...[2, 5, 4],
  ...[0],
  ...[3, 0, 1, 0, 2, 0],
  ...[0x2c, 1, 0xfe, 0xff],
  ...[5, 5],
  ...[6, 0x25, 1],
];

test('options of a custom operation', () => {
  expect(Object.fromEntries(readOptions(Uint8Array.from(OPTIONS)))).toEqual({ a: 300, b: -2 });
});

test('options that are cut off, or no map, are refused', () => {
  for (let length = 0; length < OPTIONS.length; length++) {
    expect(() => readOptions(Uint8Array.from(OPTIONS.slice(0, length)))).toThrow(ImportError);
  }
});

const FOLDER = new URL('../../../shared/data/import/lce/', import.meta.url);
const isThere = existsSync(FOLDER);

test.skipIf(isThere)('skipped: ../shared/data/import/lce is not there', () => undefined);

test.runIf(isThere)('every beginning of a file is refused, in under a second', () => {
  const bytes = read('bmaxpool_bn_before.tflite');
  for (let length = 0; length < bytes.length; length += 97) {
    expect(timed(bytes.slice(0, length)), `${length} bytes`).toBeInstanceOf(ImportError);
  }
});

test.runIf(isThere)('damaged bytes make a clear error, or a network, in under a second', () => {
  const random = randomFrom(11);
  let refused = 0;
  for (const name of ['bconv_bitpacked_out', 'qdepthwise', 'larq_mnist', 'prelu']) {
    const sound = read(`${name}.tflite`);
    for (let round = 0; round < 60; round++) {
      const bytes = sound.slice();
      // Tables lie at both ends of a file, weights between them.
      const at = random.below(2000);
      bytes[round % 2 === 0 ? at % bytes.length : bytes.length - 1 - (at % bytes.length)] =
        random.below(256);
      const error = timed(bytes);
      if (error === undefined) continue;
      expect(error, `${name} ${round}: ${error.stack}`).toBeInstanceOf(MobinetError);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(10);
});

test.runIf(isThere)('an operation that is not known is named', () => {
  const bytes = read('qdense.tflite');
  const text = Buffer.from(bytes).toString('latin1');
  bytes[text.indexOf('LceQuantize')] = 'X'.charCodeAt(0);
  expect(errorOf(bytes)?.message).toMatch(/^XceQuantize .*not known/);
});

function read(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, FOLDER)));
}

function errorOf(bytes: Uint8Array): Error | undefined {
  try {
    importModel(bytes);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function timed(bytes: Uint8Array): Error | undefined {
  const begin = processorTime();
  const error = errorOf(bytes);
  expect(processorTime() - begin).toBeLessThan(1000);
  return error;
}
