/** Protocol buffers' wire format, read with bounds: no message can reach past its end. */

import { ImportError } from '../../errors.ts';

/** One field of a message. */
export interface Field {
  readonly number: number;
  /** Of varints and fixed-size fields; whole numbers past 2^53 lose their low bits. */
  readonly value: number;
  /** Of length-delimited fields, a view; empty for the others. */
  readonly bytes: Uint8Array;
  /** Raw bits of a fixed 32- or 64-bit field. */
  readonly wire: number;
}

const EMPTY = new Uint8Array(0);

export function damaged(what: string): ImportError {
  return new ImportError('IMPORT_FORMAT', `This is no ONNX model: ${what}`, {
    hint: 'the file is cut off, damaged, or of another kind',
  });
}

/** A signed 64-bit varint at `at`: its value and where the next byte is. */
function varint(bytes: Uint8Array, at: number): [value: number, next: number] {
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined) throw damaged('a number is cut off');
    const part = byte & 0x7f;
    if (shift < 28) low |= part << shift;
    else if (shift === 28) {
      low |= part << 28;
      high = part >> 4;
    } else if (shift < 64) high |= part << (shift - 32);
    if (byte < 0x80) return [(high | 0) * 2 ** 32 + (low >>> 0), at];
  }
  throw damaged('a number has more than ten bytes');
}

/** The fields of a message, in order. @throws ImportError IMPORT_FORMAT */
export function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.length) {
    let tag: number;
    [tag, at] = varint(bytes, at);
    const wire = tag & 7;
    const number = Math.floor(tag / 8);
    if (number < 1 || number > 0x1fffffff) throw damaged(`a field has the number ${number}`);
    let value = 0;
    let content: Uint8Array = EMPTY;
    if (wire === 0) {
      [value, at] = varint(bytes, at);
    } else if (wire === 1 || wire === 5) {
      const size = wire === 1 ? 8 : 4;
      if (at + size > bytes.length) throw damaged('a number is cut off');
      value = wire === 1 ? view.getFloat64(at, true) : view.getFloat32(at, true);
      at += size;
    } else if (wire === 2) {
      let length: number;
      [length, at] = varint(bytes, at);
      if (length < 0 || at + length > bytes.length) {
        throw damaged(`a field would take ${length} of the ${bytes.length - at} bytes left`);
      }
      content = bytes.subarray(at, at + length);
      at += length;
    } else {
      throw damaged(`a field has the wire type ${wire}`);
    }
    yield { number, value, bytes: content, wire };
  }
}

/** The numbers of a repeated varint field, packed or not. */
export function varintsOf({ wire, value, bytes }: Field): number[] {
  if (wire !== 2) return [value];
  const values: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    let next: number;
    [next, at] = varint(bytes, at);
    values.push(next);
  }
  return values;
}

/** The numbers of a repeated float or double field, packed or not. */
export function floatsOf({ wire, value, bytes }: Field, size: 4 | 8): number[] {
  if (wire !== 2) return [value];
  if (bytes.length % size !== 0) throw damaged('an array of numbers is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / size }, (_, at) =>
    size === 4 ? view.getFloat32(at * 4, true) : view.getFloat64(at * 8, true),
  );
}

/** UTF-8; what is not is replaced, since names are for people. */
export function textOf({ bytes }: Field): string {
  return new TextDecoder().decode(bytes);
}
