import { inflateRawSync } from 'node:zlib';

/** An array of a NumPy file. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** The arrays of an .npz file, by name. */
export function readNpz(bytes: Uint8Array): Map<string, NpyArray> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (view.getUint32(end, true) !== 0x06054b50) end--;
  const arrays = new Map<string, NpyArray>();
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    const method = view.getUint16(at + 10, true);
    const size = view.getUint32(at + 20, true);
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) =>
      view.getUint16(at + offset, true),
    );
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength!));
    const local = view.getUint32(at + 42, true);
    const begin = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const packed = bytes.subarray(begin, begin + size);
    const file = method === 0 ? packed : new Uint8Array(inflateRawSync(packed));
    arrays.set(name.replace(/\.npy$/, ''), readNpy(file));
    at += 46 + nameLength! + extra! + comment!;
  }
  return arrays;
}

function readNpy(bytes: Uint8Array): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(10, 10 + length));
  const type = /'descr': '([^']+)'/.exec(header)![1]!;
  const shape = (/'shape': \(([^)]*)\)/.exec(header)![1]!.match(/\d+/g) ?? []).map(Number);
  const size = shape.reduce((product, side) => product * side, 1);
  const begin = 10 + length;
  const read: Record<string, (at: number) => number> = {
    '<f4': (at) => view.getFloat32(begin + at * 4, true),
    '|u1': (at) => view.getUint8(begin + at),
    '<i8': (at) => Number(view.getBigInt64(begin + at * 8, true)),
  };
  return { shape, data: Float64Array.from({ length: size }, (_, at) => read[type]!(at)) };
}
