/** The EXIF orientation of a WebP, which browsers leave alone, as they do not in JPEG and PNG. */

const ORIENTATION = 0x0112;

/** `RIFF`, size, `WEBP`, then chunks. */
const HEADER_BYTES = 12;

/**
 * Where the chunk named EXIF of a WebP begins; undefined where there is none, or no WebP.
 * @param bytes the whole file
 */
function exifChunk(bytes: DataView): { offset: number; length: number } | undefined {
  const name = (offset: number) => bytes.getUint32(offset);
  if (bytes.byteLength < HEADER_BYTES || name(0) !== 0x52494646 || name(8) !== 0x57454250) return;
  let offset = HEADER_BYTES;
  while (offset + 8 <= bytes.byteLength) {
    const length = bytes.getUint32(offset + 4, true);
    const isWhole = offset + 8 + length <= bytes.byteLength;
    if (name(offset) === 0x45584946) return isWhole ? { offset, length } : undefined;
    offset += 8 + length + (length % 2);
  }
  return undefined;
}

/** Orientation of EXIF data, 1 to 8; 1 where it says none. */
function orientationOf(exif: DataView): number {
  // Some writers put JPEG's prefix, "Exif\0\0", before it.
  const start = exif.byteLength >= 6 && exif.getUint32(0) === 0x45786966 ? 6 : 0;
  try {
    const little = exif.getUint16(start) === 0x4949;
    const entries = start + exif.getUint32(start + 4, little);
    const count = exif.getUint16(entries, little);
    for (let entry = 0; entry < count; entry++) {
      const at = entries + 2 + entry * 12;
      if (exif.getUint16(at, little) !== ORIENTATION) continue;
      const value = exif.getUint16(at + 8, little);
      return value >= 1 && value <= 8 ? value : 1;
    }
  } catch {
    // An offset that leads outside: as good as none.
  }
  return 1;
}

/**
 * The EXIF orientation of a WebP, 1 (upright) to 8, and the file without it, so that no browser
 * turns it a second time.
 * @param content the whole file, of any kind
 */
export function takeWebpOrientation(content: ArrayBuffer): {
  orientation: number;
  upright: ArrayBuffer;
} {
  const bytes = new DataView(content);
  const chunk = exifChunk(bytes);
  if (chunk === undefined) return { orientation: 1, upright: content };
  const orientation = orientationOf(new DataView(content, chunk.offset + 8, chunk.length));
  const upright = content.slice(0);
  // A name that nobody knows, of the same length.
  new DataView(upright).setUint32(chunk.offset, 0x78457869);
  return { orientation, upright };
}

/**
 * The transformation of a canvas, a to f, that draws a stored picture upright.
 * @param width of the stored picture
 * @param height of the stored picture
 */
export function uprightTransform(
  orientation: number,
  width: number,
  height: number,
): [a: number, b: number, c: number, d: number, e: number, f: number] {
  // In fours: as it is, mirrored, turned by half, upside down; from 5 on with x and y exchanged.
  const turn = (orientation - 1) % 4;
  const x = turn === 1 || turn === 2 ? -1 : 1;
  const y = turn > 1 ? -1 : 1;
  return orientation > 4
    ? [0, y, x, 0, x < 0 ? height : 0, y < 0 ? width : 0]
    : [x, 0, 0, y, x < 0 ? width : 0, y < 0 ? height : 0];
}
