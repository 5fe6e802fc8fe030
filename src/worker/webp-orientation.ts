/**
 * The EXIF orientation of a WebP, which browsers leave alone, as they do not in JPEG and PNG: fetched by
 * pages that classify one.
 */

const ORIENTATION = 0x0112;

/**
 * The chunk named EXIF of a WebP: `RIFF`, size, `WEBP`, then chunks of a name, a length and as many bytes.
 * @throws RangeError where there is none
 */
function exifOf(file: DataView): DataView | undefined {
  if (file.getUint32(0) !== 0x52494646 || file.getUint32(8) !== 0x57454250) return undefined;
  for (let at = 12; ; ) {
    const length = file.getUint32(at + 4, true);
    if (file.getUint32(at) === 0x45584946) return new DataView(file.buffer, at + 8, length);
    at += 8 + length + (length % 2);
  }
}

/**
 * Orientation of EXIF data, 1 to 8; 1 where it says none.
 * @throws RangeError where an offset leads outside
 */
function orientationOf(exif: DataView): number {
  // Some writers put JPEG's prefix, "Exif\0\0", before it.
  const start = exif.getUint32(0) === 0x45786966 ? 6 : 0;
  const little = exif.getUint16(start) === 0x4949;
  const entries = start + exif.getUint32(start + 4, little);
  const count = exif.getUint16(entries, little);
  for (let entry = 0; entry < count; entry++) {
    const at = entries + 2 + entry * 12;
    if (exif.getUint16(at, little) !== ORIENTATION) continue;
    const value = exif.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/**
 * The EXIF orientation of a WebP, 1 (upright) to 8, and the file without it, so that no browser
 * turns it a second time.
 * @param content the whole file
 */
export function takeWebpOrientation(content: ArrayBuffer): {
  orientation: number;
  upright: ArrayBuffer;
} {
  try {
    const exif = exifOf(new DataView(content));
    if (exif !== undefined) {
      const orientation = orientationOf(exif);
      const upright = content.slice(0);
      // A name that nobody knows, of the same length.
      new DataView(upright).setUint32(exif.byteOffset - 8, 0x78457869);
      return { orientation, upright };
    }
  } catch {
    // What ends too early says nothing.
  }
  return { orientation: 1, upright: content };
}
