/**
 * What a stored picture says of itself before a browser decodes it: its size, and, of a WebP, its EXIF
 * orientation, which browsers leave alone as they do not in JPEG and PNG. Fetched by pages that classify a file.
 */

/** A format and a size, which is that of a pixel where the beginning of the file does not say. */
type Head = readonly [width: number, height: number, isWebp?: boolean];

const WEBP = 0x57454250;
const ORIENTATION = 0x0112;
/** At the beginning of a file; a camera's JPEG has a small picture before its size. */
const HEAD_BYTES = 2 ** 20;

/** Larger pictures come scaled down, else they would take some bytes a pixel several times. */
const MOST_UNSCALED_PIXELS = 2 ** 26;

/** A stored picture, and what has to be done to it when it is decoded. */
export interface StoredFile {
  readonly file: Blob;
  /** As the file has it, 1 (upright) to 8, where the browser does not turn it. */
  readonly orientation: number;
  /** To scale it down to, where it is very large. */
  readonly resizeWidth?: number;
}

/** @param check of its size; throws what it throws */
export async function takeFile(
  file: Blob,
  check: (width: number, height: number) => void,
): Promise<StoredFile> {
  // What cannot be read is the decoder's to tell.
  const bytes = (part: Blob) => part.arrayBuffer().catch(() => new ArrayBuffer());
  const [width, height, isWebp] = lookAt(await bytes(file.slice(0, HEAD_BYTES)));
  check(width, height);
  if (width * height > MOST_UNSCALED_PIXELS) {
    return { file, orientation: 1, resizeWidth: width >> 2 };
  }
  if (!isWebp) return { file, orientation: 1 };
  const { orientation, upright } = takeWebpOrientation(await bytes(file));
  return { file: orientation === 1 ? file : new Blob([upright]), orientation };
}

/**
 * What the beginning of a PNG, JPEG or GIF says of its size, before it is turned upright. What ends too
 * early, or is something else, is of a pixel: that it cannot be read is the decoder's to tell.
 */
export function lookAt(head: ArrayBuffer): Head {
  try {
    return headOf(new DataView(head));
  } catch {
    return [1, 1];
  }
}

/** @throws RangeError where it ends too early */
function headOf(file: DataView): Head {
  switch (file.getUint16(0)) {
    case 0x8950:
      return [file.getUint32(16), file.getUint32(20)];
    case 0x4749:
      return [file.getUint16(6, true), file.getUint16(8, true)];
    case 0xffd8:
      // Segments of a mark and a length, up to the header of the picture, 0xffc0 to 0xffc3.
      for (let at = 2; ; at += 2 + file.getUint16(at + 2)) {
        const isHeader = file.getUint16(at) >> 2 === 0x3ff0;
        if (isHeader) return [file.getUint16(at + 7), file.getUint16(at + 5)];
      }
  }
  return [1, 1, file.getUint32(8) === WEBP];
}

/**
 * The chunk named EXIF of a WebP: `RIFF`, size, `WEBP`, then chunks of a name, a length and as many bytes.
 * @throws RangeError where there is none
 */
function exifOf(file: DataView): DataView | undefined {
  if (file.getUint32(0) !== 0x52494646 || file.getUint32(8) !== WEBP) return undefined;
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
