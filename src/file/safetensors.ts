/**
 * The safetensors container: 8 bytes with the header's length (little endian), the header, a JSON
 * object of tensors `{ dtype, shape, data_offsets: [begin, end] }` by name and `__metadata__` with
 * strings, then the tensors' bytes without gaps.
 */

import { ModelFormatError } from '../errors.ts';
import { isRecord, showJson } from '../json.ts';
import type { Tensor } from '../tensor.ts';

export interface Container {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Longer headers are refused: each of their millions of tensors would become an object. */
const MAX_HEADER_BYTES = 2 ** 24;

const ELEMENT_BYTES = { F32: 4, I8: 1, U64: 8 } as const;

type Dtype = keyof typeof ELEMENT_BYTES;

/** A container whose tensors have not been looked at yet. */
export interface Header {
  readonly metadata: ReadonlyMap<string, string>;
  /** Descriptions of the tensors, unchecked. */
  readonly entries: readonly (readonly [name: string, json: unknown])[];
  /** The bytes behind the header. */
  readonly data: Uint8Array;
}

/** @throws ModelFormatError NOT_A_MODEL, MODEL_METADATA, MODEL_TRUNCATED, TENSOR_BOUNDS, TENSOR_MISMATCH */
export function parseSafetensors(bytes: Uint8Array): Container {
  const header = parseHeader(bytes);
  return { metadata: header.metadata, tensors: readTensors(header) };
}

/**
 * Refuses what cannot become a container, by its beginning.
 * @returns bytes of its header
 * @throws ModelFormatError NOT_A_MODEL
 */
export function checkHead(bytes: Uint8Array): number {
  if (bytes.length < 8) throw notAModel(bytes, `it has ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || length < 2) {
    throw notAModel(bytes, `it would have a header of ${length} bytes`);
  }
  if (bytes[8] !== undefined && bytes[8] !== 0x7b) throw notAModel(bytes, 'its header is not JSON');
  return length;
}

/**
 * Only the header: what the file says about itself, before its tensors have to make sense.
 * @throws ModelFormatError NOT_A_MODEL, MODEL_METADATA, MODEL_TRUNCATED
 */
export function parseHeader(bytes: Uint8Array): Header {
  const length = checkHead(bytes);
  if (8 + length > bytes.length) {
    throw new ModelFormatError(
      'MODEL_TRUNCATED',
      `The header takes ${length} bytes, the file has ${bytes.length}`,
      { hint: 'the download was cut off' },
    );
  }
  const { __metadata__: metadata, ...tensors } = parseJson(bytes.subarray(8, 8 + length));
  return {
    metadata: new Map(metadata === undefined ? [] : metadataEntries(metadata)),
    entries: Object.entries(tensors),
    data: bytes.subarray(8 + length),
  };
}

/** @throws ModelFormatError MODEL_TRUNCATED, TENSOR_BOUNDS, TENSOR_MISMATCH */
export function readTensors({ entries, data }: Header): Map<string, Tensor> {
  const places = entries.map(([name, json]) => parseEntry(name, json, data.length));
  places.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let reached = 0;
  for (const { name, begin, end } of places) {
    if (begin !== reached) {
      throw outOfBounds(name, `begins at byte ${begin}, where ${reached} was expected`);
    }
    reached = end;
  }
  if (reached !== data.length) {
    throw new ModelFormatError(
      'TENSOR_BOUNDS',
      `The tensors end at byte ${reached} of ${data.length}`,
      { hint: 'the file has bytes that belong to no tensor' },
    );
  }
  return new Map(
    places.map(({ name, dtype, shape, begin, end }) => [
      name,
      tensorOf(dtype, shape, data.subarray(begin, end)),
    ]),
  );
}

/** What people take for a model, by how it begins. */
const LOOKALIKES: readonly (readonly [RegExp, string])[] = [
  [/^(\xef\xbb\xbf)?\s*</, 'it looks like an HTML page: is the address right?'],
  [/^version https:\/\/git-lfs/, 'it is a Git LFS pointer: run git lfs pull'],
  [
    /^PK/,
    'it looks like a PyTorch checkpoint or a zip file: training/export.py makes a model of it',
  ],
  [/^\s*[{[]/, 'it looks like a JSON document: is the address right?'],
  [/^$/, 'the file is empty'],
];

function notAModel(bytes: Uint8Array, reason: string): ModelFormatError {
  const begin = String.fromCharCode(...bytes.subarray(0, 64));
  const lookalike = LOOKALIKES.find(([pattern]) => pattern.test(begin));
  return new ModelFormatError('NOT_A_MODEL', `This is not a model file: ${reason}`, {
    hint: lookalike?.[1] ?? 'a mobinet model is a .safetensors file',
  });
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ModelFormatError('NOT_A_MODEL', 'The header is not JSON', {
      cause,
      hint: 'the file is damaged',
    });
  }
  // It begins with a brace, so what was parsed is an object.
  return header as Record<string, unknown>;
}

function metadataEntries(entry: unknown): [string, string][] {
  const entries = isRecord(entry) ? Object.entries(entry) : undefined;
  if (entries?.every((pair): pair is [string, string] => typeof pair[1] === 'string')) {
    return entries;
  }
  throw new ModelFormatError('MODEL_METADATA', 'The metadata is not an object of strings', {
    hint: 'safetensors allows strings only',
  });
}

function outOfBounds(name: string, problem: string): ModelFormatError {
  return new ModelFormatError('TENSOR_BOUNDS', `The tensor ${showJson(name)} ${problem}`, {
    hint: 'the file is damaged',
  });
}

/** A tensor's place in the data. */
interface Place {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function parseEntry(name: string, entry: unknown, dataLength: number): Place {
  const isSize = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  const isSizes = (value: unknown): value is number[] =>
    Array.isArray(value) && value.every(isSize);
  if (!isRecord(entry)) throw outOfBounds(name, 'has no description');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
    throw new ModelFormatError(
      'TENSOR_MISMATCH',
      `The tensor ${showJson(name)} is of type ${showJson(dtype)}`,
      {
        hint: `known are ${Object.keys(ELEMENT_BYTES).join(', ')}`,
      },
    );
  }
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    throw outOfBounds(name, 'has no proper shape and data_offsets');
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end) throw outOfBounds(name, `ends (${end}) before it begins (${begin})`);
  if (end > dataLength) {
    throw new ModelFormatError(
      'MODEL_TRUNCATED',
      `The tensor ${showJson(name)} ends at byte ${end}, the data has ${dataLength}`,
      { hint: 'the download was cut off' },
    );
  }
  const known = dtype as Dtype;
  const bytes = shape.reduce((product, size) => product * size, ELEMENT_BYTES[known]);
  if (bytes !== end - begin) {
    throw outOfBounds(
      name,
      `has ${end - begin} bytes where its shape ${showJson(shape)} takes ${bytes}`,
    );
  }
  return { name, dtype: known, shape, begin, end };
}

/** A view of the bytes; a copy where they are not aligned. */
function tensorOf(dtype: Dtype, shape: readonly number[], bytes: Uint8Array): Tensor {
  const aligned = bytes.byteOffset % ELEMENT_BYTES[dtype] === 0;
  const { buffer, byteOffset } = aligned ? bytes : new Uint8Array(bytes);
  const length = bytes.length / ELEMENT_BYTES[dtype];
  switch (dtype) {
    case 'F32':
      return { dtype, shape, data: new Float32Array(buffer, byteOffset, length) };
    case 'I8':
      return { dtype, shape, data: new Int8Array(buffer, byteOffset, length) };
    case 'U64':
      return { dtype, shape, data: new BigUint64Array(buffer, byteOffset, length) };
  }
}

/** The bytes of a tensor, little endian. */
export function tensorBytes(tensor: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A file of the container; tensors of the larger elements first, so that all are aligned. */
export function writeSafetensors({ metadata, tensors }: Container): Uint8Array {
  const sorted = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      ELEMENT_BYTES[b.dtype] - ELEMENT_BYTES[a.dtype] || (nameA < nameB ? -1 : 1),
  );
  const header: [string, unknown][] = [['__metadata__', Object.fromEntries(metadata)]];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    const end = offset + data.byteLength;
    header.push([name, { dtype, shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerBytes + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, 8, 8 + headerBytes);
  bytes.set(json, 8);
  let at = 8 + headerBytes;
  for (const [, tensor] of sorted) {
    bytes.set(tensorBytes(tensor), at);
    at += tensor.data.byteLength;
  }
  return bytes;
}
