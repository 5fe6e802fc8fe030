/**
 * FlatBuffers (flatbuffers.dev, "Internals"): tables found by offsets. Every offset is checked
 * against the file, so a damaged one cannot lead outside it.
 */

import { ImportError } from '../../errors.ts';

export function damaged(what: string): ImportError {
  return new ImportError('IMPORT_FORMAT', `This is no sound TensorFlow Lite model: ${what}`, {
    hint: 'the file is cut off or damaged',
  });
}

/** A table; fields go by their number in the schema, and are undefined where they are left out. */
export interface Table {
  int8(field: number): number | undefined;
  int32(field: number): number | undefined;
  float32(field: number): number | undefined;
  /** @throws ImportError IMPORT_FORMAT above 2^53 */
  uint64(field: number): number | undefined;
  text(field: number): string | undefined;
  bytes(field: number): Uint8Array | undefined;
  int32s(field: number, most: number): number[] | undefined;
  int64s(field: number, most: number): number[] | undefined;
  float32s(field: number, most: number): number[] | undefined;
  table(field: number): Table | undefined;
  tables(field: number, most: number): Table[] | undefined;
}

/** @throws ImportError IMPORT_FORMAT */
export function rootTable(bytes: Uint8Array): Table {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  within(view, 0, 4);
  return tableAt(view, view.getUint32(0, true));
}

function within(view: DataView, at: number, size: number): void {
  if (at >= 0 && at + size <= view.byteLength) return;
  throw damaged(`bytes ${at} to ${at + size} are needed, it has ${view.byteLength}`);
}

function tableAt(view: DataView, at: number): Table {
  within(view, at, 4);
  const fields = at - view.getInt32(at, true);
  within(view, fields, 4);
  const size = view.getUint16(fields, true);
  within(view, fields, size);

  /** Where a field's value is. */
  const place = (field: number, bytes: number): number | undefined => {
    const entry = 4 + 2 * field;
    const offset = entry + 2 <= size ? view.getUint16(fields + entry, true) : 0;
    if (offset === 0) return undefined;
    within(view, at + offset, bytes);
    return at + offset;
  };
  const target = (field: number): number | undefined => {
    const from = place(field, 4);
    return from === undefined ? undefined : from + view.getUint32(from, true);
  };
  const scalar = <T>(field: number, bytes: number, read: (from: number) => T): T | undefined => {
    const from = place(field, bytes);
    return from === undefined ? undefined : read(from);
  };
  /** Where a vector's elements begin, and how many they are. */
  const vector = (field: number, bytes: number, most: number) => {
    const from = target(field);
    if (from === undefined) return undefined;
    within(view, from, 4);
    const length = view.getUint32(from, true);
    if (length > most) throw damaged(`a list has ${length} elements, at most ${most} are read`);
    within(view, from + 4, length * bytes);
    return { begin: from + 4, length };
  };
  const list = <T>(field: number, bytes: number, most: number, read: (from: number) => T) => {
    const found = vector(field, bytes, most);
    if (found === undefined) return undefined;
    return Array.from({ length: found.length }, (_, each) => read(found.begin + each * bytes));
  };
  const bytesOf = (field: number): Uint8Array | undefined => {
    const found = vector(field, 1, Number.POSITIVE_INFINITY);
    if (found === undefined) return undefined;
    return new Uint8Array(view.buffer, view.byteOffset + found.begin, found.length);
  };

  return {
    int8: (field) => scalar(field, 1, (from) => view.getInt8(from)),
    int32: (field) => scalar(field, 4, (from) => view.getInt32(from, true)),
    float32: (field) => scalar(field, 4, (from) => view.getFloat32(from, true)),
    uint64: (field) =>
      scalar(field, 8, (from) => {
        const value = Number(view.getBigUint64(from, true));
        if (Number.isSafeInteger(value)) return value;
        throw damaged(`it has an offset of ${value}`);
      }),
    text: (field) => {
      const found = bytesOf(field);
      return found === undefined ? undefined : new TextDecoder().decode(found.slice(0, 4096));
    },
    bytes: bytesOf,
    int32s: (field, most) => list(field, 4, most, (from) => view.getInt32(from, true)),
    int64s: (field, most) => list(field, 8, most, (from) => Number(view.getBigInt64(from, true))),
    float32s: (field, most) => list(field, 4, most, (from) => view.getFloat32(from, true)),
    table: (field) => {
      const from = target(field);
      return from === undefined ? undefined : tableAt(view, from);
    },
    tables: (field, most) =>
      list(field, 4, most, (from) => tableAt(view, from + view.getUint32(from, true))),
  };
}
