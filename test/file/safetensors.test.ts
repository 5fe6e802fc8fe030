import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MobinetError, ModelFormatError } from '../../src/errors.ts';
import { parseModelFile } from '../../src/file/model-file.ts';
import { parseSafetensors, writeSafetensors } from '../../src/file/safetensors.ts';
import type { Tensor } from '../../src/tensor.ts';
import { tinyModelFile } from '../helpers/model-file.ts';

/** A file of this header, as JSON or as text, and so many bytes of data. */
function fileOf(header: unknown, dataBytes = 0): Uint8Array {
  const json = new TextEncoder().encode(
    typeof header === 'string' ? header : JSON.stringify(header),
  );
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const f32 = (shape: number[], begin: number, end: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('what is refused, and how it is called', () => {
  test.each<[string, string, Uint8Array]>([
    ['an empty file', 'NOT_A_MODEL', new Uint8Array(0)],
    ['seven bytes', 'NOT_A_MODEL', new Uint8Array(7)],
    ['a web page', 'NOT_A_MODEL', new TextEncoder().encode('<!doctype html><title>404</title>')],
    ['a header longer than allowed', 'NOT_A_MODEL', new Uint8Array(16).fill(0xff)],
    ['a header of more than 16 MiB', 'NOT_A_MODEL', fileOf(`{${' '.repeat(2 ** 24 - 1)}}`)],
    ['a header that is no JSON', 'NOT_A_MODEL', fileOf('{"a":')],
    ['a header that is an array', 'NOT_A_MODEL', fileOf('[]')],
    ['metadata that are no strings', 'MODEL_METADATA', fileOf({ __metadata__: { version: 1 } })],
    ['an unknown type', 'TENSOR_MISMATCH', fileOf({ a: { ...f32([1], 0, 4), dtype: 'F8' } }, 4)],
    ['a tensor without a description', 'TENSOR_BOUNDS', fileOf({ a: null })],
    ['a negative size', 'TENSOR_BOUNDS', fileOf({ a: f32([-1], 0, 4) }, 4)],
    ['a size that is no whole number', 'TENSOR_BOUNDS', fileOf({ a: f32([0.5], 0, 2) }, 2)],
    ['an end before the beginning', 'TENSOR_BOUNDS', fileOf({ a: f32([1], 4, 0) }, 4)],
    ['a tensor past the end', 'MODEL_TRUNCATED', fileOf({ a: f32([2], 0, 8) }, 4)],
    ['a shape that takes more bytes', 'TENSOR_BOUNDS', fileOf({ a: f32([2], 0, 4) }, 4)],
    ['a shape past all numbers', 'TENSOR_BOUNDS', fileOf({ a: f32([2 ** 40, 2 ** 40], 0, 4) }, 4)],
    ['a gap', 'TENSOR_BOUNDS', fileOf({ a: f32([1], 4, 8) }, 8)],
    ['an overlap', 'TENSOR_BOUNDS', fileOf({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, 8)],
    ['bytes of no tensor', 'TENSOR_BOUNDS', fileOf({ a: f32([1], 0, 4) }, 5)],
  ])('%s: %s', (_, code, bytes) => {
    expect(() => parseSafetensors(bytes)).toThrowError(
      expect.objectContaining({ code, name: 'ModelFormatError' }),
    );
  });

  test('a web page says so, and a tensor out of bounds is named', () => {
    const page = new TextEncoder().encode('<html><body>Not found</body></html>');
    expect(() => parseSafetensors(page)).toThrow(/HTML/);
    expect(() => parseSafetensors(fileOf({ 'stem.weight': f32([1], 4, 8) }, 8))).toThrow(
      /stem\.weight/,
    );
  });
});

const tensor = fc
  .tuple(fc.constantFrom('F32', 'I8', 'U64'), fc.array(fc.nat(4), { maxLength: 3 }))
  .chain(([dtype, shape]) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const bytes = { F32: 4, I8: 1, U64: 8 }[dtype]! * length;
    return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((raw): Tensor => {
      const { buffer } = new Uint8Array(raw);
      if (dtype === 'F32') return { dtype, shape, data: new Float32Array(buffer) };
      if (dtype === 'I8') return { dtype, shape, data: new Int8Array(buffer) };
      return { dtype: 'U64', shape, data: new BigUint64Array(buffer) };
    });
  });

/** Names that no key of an object's prototype can shadow. */
const name = fc
  .string({ minLength: 1 })
  .filter((text) => !['__metadata__', '__proto__'].includes(text));

test('what is written is read back, whatever it is and wherever it lies', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(name, tensor)),
      fc.array(fc.tuple(name, fc.string())),
      fc.nat(7),
      (tensors, metadata, offset) => {
        const container = { metadata: new Map(metadata), tensors: new Map(tensors) };
        const written = writeSafetensors(container);
        // In a larger buffer, where nothing is aligned.
        const around = new Uint8Array(written.length + offset);
        around.set(written, offset);
        const read = parseSafetensors(around.subarray(offset));
        expect(new Map(read.metadata)).toEqual(container.metadata);
        expect(new Map([...read.tensors].sort())).toEqual(new Map([...container.tensors].sort()));
      },
    ),
  );
});

test('a model cut off anywhere is refused, and called cut off past its header', async () => {
  const bytes = await tinyModelFile();
  const header = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  for (let length = 0; length < bytes.length; length++) {
    const error = thrownBy(() => parseModelFile(bytes.slice(0, length)));
    expect(error, `${length} bytes`).toBeInstanceOf(ModelFormatError);
    if (length > 8) {
      expect((error as ModelFormatError).code, `${length} bytes`).toBe('MODEL_TRUNCATED');
    }
  }
  expect(thrownBy(() => parseModelFile(bytes))).toBeUndefined();
  expect(header).toBeLessThan(bytes.length);
});

test('a model with changed bytes is read or refused by name, never anything else', async () => {
  const bytes = await tinyModelFile();
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
      const changed = bytes.slice();
      for (const [at, value] of changes) changed[at] = value;
      const error = thrownBy(() => parseModelFile(changed));
      if (error !== undefined && !(error instanceof MobinetError)) throw error;
    }),
    { numRuns: 3000 },
  );
});

test('the shipped model begins with an aligned header that any safetensors reader takes', () => {
  const bytes = readFileSync(
    new URL('../../models/mobinet-mid-k3-w50-64.safetensors', import.meta.url),
  );
  const length = Number(bytes.readBigUInt64LE(0));
  expect(length % 8).toBe(0);
  expect(JSON.parse(bytes.toString('utf8', 8, 8 + length))).toHaveProperty('__metadata__.format');
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}
