/** FlexBuffers (flatbuffers.dev, "FlexBuffers"): maps of whole numbers, the options of custom operations. */

import { damaged } from './flatbuffer.ts';

const TYPE = { int: 1, uint: 2, map: 9, bool: 26 } as const;

/** More entries than these no operation has. */
const MOST = 64;

/** @throws ImportError IMPORT_FORMAT for anything but a map of whole numbers */
export function readOptions(bytes: Uint8Array): ReadonlyMap<string, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // The last byte is the width of the root, the one before it its type, and before that it lies.
  const end = bytes.length - 2;
  if (end < 1) throw damaged('the options of an operation are cut off');
  const root = { width: bytes[end + 1]!, packed: bytes[end]! };
  if (root.packed >> 2 !== TYPE.map) throw damaged('the options of an operation are no map');
  const map = back(view, end - root.width, root.width);
  const width = 2 ** (root.packed & 3);
  const length = unsigned(view, map - width, width);
  const keyWidth = unsigned(view, map - 2 * width, width);
  const keys = back(view, map - 3 * width, width);
  if (length > MOST) throw damaged(`an operation has ${length} options`);
  const options = new Map<string, number>();
  for (let at = 0; at < length; at++) {
    const key = textAt(bytes, back(view, keys + at * keyWidth, keyWidth));
    const type = unsigned(view, map + length * width + at, 1) >> 2;
    const from = map + at * width;
    if (type === TYPE.int) options.set(key, signed(view, from, width));
    else if (type === TYPE.uint || type === TYPE.bool) {
      options.set(key, unsigned(view, from, width));
    } else throw damaged(`the option ${key} is no whole number`);
  }
  return options;
}

function check(view: DataView, at: number, width: number): void {
  if ([1, 2, 4, 8].includes(width) && at >= 0 && at + width <= view.byteLength) return;
  throw damaged('the options of an operation point outside themselves');
}

function unsigned(view: DataView, at: number, width: number): number {
  check(view, at, width);
  if (width === 1) return view.getUint8(at);
  if (width === 2) return view.getUint16(at, true);
  return width === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

function signed(view: DataView, at: number, width: number): number {
  check(view, at, width);
  if (width === 1) return view.getInt8(at);
  if (width === 2) return view.getInt16(at, true);
  return width === 4 ? view.getInt32(at, true) : Number(view.getBigInt64(at, true));
}

/** Offsets point backwards. */
function back(view: DataView, at: number, width: number): number {
  return at - unsigned(view, at, width);
}

function textAt(bytes: Uint8Array, at: number): string {
  const end = at < 0 ? -1 : bytes.indexOf(0, at);
  if (end < 0) throw damaged('the name of an option is cut off');
  return new TextDecoder().decode(bytes.subarray(at, end));
}
