import { constants, crc32, deflateRawSync, deflateSync } from 'node:zlib';

/** Adam7: first column, first row, column step, row step of each pass. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

export function chunk(type: string, content: Uint8Array = new Uint8Array()): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(content.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** A zlib stream of `length` zeros, however many, in a thousandth of them. */
export function deflatedZeros(length: number): Buffer {
  const block = 2 ** 20;
  const full = deflateRawSync(Buffer.alloc(block), { finishFlush: constants.Z_FULL_FLUSH });
  const blocks = Array.from({ length: Math.floor(length / block) }, () => full);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt16BE(length % 65521, 0);
  checksum.writeUInt16BE(1, 2);
  const rest = deflateRawSync(Buffer.alloc(length % block));
  return Buffer.concat([Uint8Array.of(0x78, 0xda), ...blocks, rest, checksum]);
}

export interface PngOptions {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: 0 | 2 | 3 | 4 | 6;
  readonly interlaced?: boolean;
  /** Chunks before the pixels. */
  readonly before?: readonly Buffer[];
  /** The compressed pixels; by default of zeros. */
  readonly pixels?: Buffer;
}

/** A PNG of any kind; of zeros, it may be as large as it likes. */
export function png(options: PngOptions): Uint8Array {
  const { width, height, depth, colour, interlaced = false, before = [] } = options;
  const rowBytes = (pixels: number) =>
    pixels === 0 ? 0 : 1 + Math.ceil((pixels * CHANNELS[colour]! * depth) / 8);
  const passes = interlaced ? PASSES : [[0, 0, 1, 1] as const];
  const bytes = passes.reduce((sum, [x, y, dx, dy]) => {
    const [columns, rows] = [Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)];
    return sum + rowBytes(Math.max(0, columns)) * Math.max(0, rows);
  }, 0);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, Number(interlaced)], 8);
  return new Uint8Array(
    Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      chunk('IHDR', header),
      ...before,
      chunk('IDAT', options.pixels ?? deflatedZeros(bytes)),
      chunk('IEND'),
    ]),
  );
}

/** The pixels of a PNG of 8 bits, each row without a filter. */
export function deflatedRows(rows: readonly Uint8Array[]): Buffer {
  return deflateSync(Buffer.concat(rows.flatMap((row) => [Uint8Array.of(0), row])));
}
