import { PNG, type PNGWithMetadata } from 'pngjs';
import type { Picture } from '../image/picture.ts';

const SIGNATURE_BYTES = 8;
/** Length, type and checksum around the content of a chunk. */
const CHUNK_BYTES = 12;
/** Up to the end of the first chunk, IHDR. */
const HEADER_BYTES = SIGNATURE_BYTES + CHUNK_BYTES + 13;

/** The colour type whose pixels are indices of 8-bit colours. */
const PALETTE = 3;

/** What pngjs returns beside what its types say. */
interface Decoded extends Omit<PNGWithMetadata, 'colorType'> {
  readonly colorType: number;
  /** The colour that stands for transparent (where there is no palette), at full depth. */
  readonly transColor?: readonly number[];
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @throws Error where the file ends before that */
export function pngSize(bytes: Uint8Array): { width: number; height: number } {
  if (bytes.length < HEADER_BYTES) throw new Error('the file ends inside its header');
  return { width: view(bytes).getUint32(16), height: view(bytes).getUint32(20) };
}

/** The file up to its IEND chunk; some writers leave bytes behind it that pngjs would refuse. */
function upToEnd(bytes: Uint8Array): Uint8Array {
  const chunks = view(bytes);
  let offset = SIGNATURE_BYTES;
  while (offset + CHUNK_BYTES <= bytes.length) {
    const isEnd = chunks.getUint32(offset + 4) === 0x49454e44;
    offset += CHUNK_BYTES + chunks.getUint32(offset);
    if (isEnd && offset <= bytes.length) return bytes.subarray(0, offset);
  }
  throw new Error('the file is cut short');
}

/** Gives the pixels of the transparent colour, which pngjs makes black, that colour back. */
function restoreTransparent(rgba: Uint8Array | Uint16Array, color: readonly number[]): void {
  const [red, green = red, blue = red] = color as [number, number?, number?];
  for (let i = 0; i < rgba.length; i += 4) {
    if (rgba[i + 3] === 0) rgba.set([red, green, blue], i);
  }
}

/** Levels of 1 to 16 bits as 8 bits: spread where they are fewer, cut where they are more. */
function toBytes(levels: Uint8Array | Uint16Array, depth: number): Uint8Array {
  if (depth === 16) return Uint8Array.from(levels, (level) => level >> 8);
  const step = 255 / (2 ** depth - 1);
  return Uint8Array.from(levels, (level) => level * step);
}

/**
 * RGBA of a PNG of any colour type, depth and interlacing: greys of 1, 2 and 4 bits spread over
 * 0..255, of 16 bits the high byte, colours under transparency as they are, gamma and colour
 * profile ignored, all as Pillow's `convert('RGB')` (which clips 16-bit grey, though).
 * @throws Error where the file is damaged
 */
export function decodePng(bytes: Uint8Array): Picture {
  const file = upToEnd(bytes);
  const buffer = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  // Not rescaled, because pngjs would round 16 bits to the nearest level instead of cutting them.
  const png = PNG.sync.read(buffer, { skipRescale: true }) as Decoded;
  const { width, height, depth, colorType, transColor } = png;
  const levels: Uint8Array | Uint16Array = png.data;
  if (transColor) restoreTransparent(levels, transColor);
  const isByte = depth === 8 || colorType === PALETTE;
  const data = isByte
    ? new Uint8Array(levels.buffer, levels.byteOffset, levels.length)
    : toBytes(levels, depth);
  return { data, width, height, channels: 4 };
}
