/**
 * The safetensors container: 8 bytes with the header's length (little endian), the header, a JSON
 * object of tensors `{ dtype, shape, data_offsets: [begin, end] }` by name and `__metadata__` with
 * strings, then the tensors' bytes without gaps.
 */

import { ModelFormatError } from '../errors.ts';
import { isRecord } from '../graph/attributes.ts';
import type { Tensor } from '../graph/graph.ts';

export interface Container {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Headers longer than this are refused, as the format's own library does. */
const MAX_HEADER_BYTES = 100_000_000;

const ELEMENT_BYTES = { F32: 4, I8: 1, U64: 8 } as const;

type Dtype = keyof typeof ELEMENT_BYTES;

/** @throws ModelFormatError NOT_A_MODEL, MODEL_TRUNCATED, TENSOR_BOUNDS */
export function parseSafetensors(bytes: Uint8Array): Container {
  const { header, dataBegin } = parseHeader(bytes);
  const data = bytes.subarray(dataBegin);
  const metadata = new Map<string, string>();
  const entries: { name: string; begin: number; end: number; tensor: Tensor }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      for (const [key, value] of metadataEntries(entry)) metadata.set(key, value);
    } else {
      const { dtype, shape, begin, end } = parseEntry(name, entry, data.length);
      entries.push({ name, begin, end, tensor: tensorOf(dtype, shape, data.subarray(begin, end)) });
    }
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let reached = 0;
  for (const { name, begin, end } of entries) {
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
  return { metadata, tensors: new Map(entries.map(({ name, tensor }) => [name, tensor])) };
}

function notAModel(bytes: Uint8Array, reason: string): ModelFormatError {
  const begin = String.fromCharCode(...bytes.subarray(0, 64))
    .trimStart()
    .toLowerCase();
  const html = begin.startsWith('<');
  return new ModelFormatError('NOT_A_MODEL', `This is not a model file: ${reason}`, {
    hint: html
      ? 'it looks like an HTML page: is the address right?'
      : 'a mobinet model is a .safetensors file',
  });
}

function parseHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataBegin: number } {
  if (bytes.length < 8) throw notAModel(bytes, `it has ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || length < 2) throw notAModel(bytes, 'its header has no length');
  if (bytes[8] !== undefined && bytes[8] !== 0x7b) throw notAModel(bytes, 'its header is not JSON');
  if (8 + length > bytes.length) {
    throw new ModelFormatError(
      'MODEL_TRUNCATED',
      `The header takes ${length} bytes, the file has ${bytes.length}`,
      { hint: 'the download was cut off' },
    );
  }
  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length));
    header = JSON.parse(text);
  } catch (cause) {
    throw new ModelFormatError('NOT_A_MODEL', 'The header is not JSON', {
      cause,
      hint: 'the file is damaged',
    });
  }
  if (!isRecord(header)) throw notAModel(bytes, 'its header is not a JSON object');
  return { header, dataBegin: 8 + length };
}

function metadataEntries(entry: unknown): [string, string][] {
  const entries = isRecord(entry) ? Object.entries(entry) : undefined;
  if (entries?.every(([, value]) => typeof value === 'string'))
    return entries as [string, string][];
  throw new ModelFormatError('MODEL_METADATA', 'The metadata is not an object of strings', {
    hint: 'safetensors allows strings only',
  });
}

function outOfBounds(name: string, problem: string): ModelFormatError {
  return new ModelFormatError('TENSOR_BOUNDS', `The tensor ${JSON.stringify(name)} ${problem}`, {
    hint: 'the file is damaged',
  });
}

function parseEntry(
  name: string,
  entry: unknown,
  dataLength: number,
): { dtype: Dtype; shape: number[]; begin: number; end: number } {
  const isSize = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  const isSizes = (value: unknown): value is number[] =>
    Array.isArray(value) && value.every(isSize);
  if (!isRecord(entry)) throw outOfBounds(name, 'has no description');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
    throw new ModelFormatError('TENSOR_MISMATCH', `The tensor ${name} is of type ${dtype}`, {
      hint: `known are ${Object.keys(ELEMENT_BYTES).join(', ')}`,
    });
  }
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    throw outOfBounds(name, 'has no proper shape and data_offsets');
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end) throw outOfBounds(name, `ends (${end}) before it begins (${begin})`);
  if (end > dataLength) {
    throw new ModelFormatError(
      'MODEL_TRUNCATED',
      `The tensor ${JSON.stringify(name)} ends at byte ${end}, the data has ${dataLength}`,
      { hint: 'the download was cut off' },
    );
  }
  const known = dtype as Dtype;
  const bytes = shape.reduce((product, size) => product * size, ELEMENT_BYTES[known]);
  if (bytes !== end - begin) {
    throw outOfBounds(name, `has ${end - begin} bytes where its shape [${shape}] takes ${bytes}`);
  }
  return { dtype: known, shape, begin, end };
}

/** A view of the bytes; a copy where they are not aligned. */
function tensorOf(dtype: Dtype, shape: readonly number[], bytes: Uint8Array): Tensor {
  const aligned = bytes.byteOffset % ELEMENT_BYTES[dtype] === 0;
  const { buffer, byteOffset } = aligned ? bytes : Uint8Array.from(bytes);
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
  const header: Record<string, unknown> = { __metadata__: Object.fromEntries(metadata) };
  let offset = 0;
  for (const [name, tensor] of sorted) {
    const end = offset + tensor.data.byteLength;
    header[name] = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
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
