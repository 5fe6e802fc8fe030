/** No more than a format and a size, which is that of a pixel where the beginning of the file does not say. */
export type Head = readonly [width: number, height: number, isWebp?: boolean];

const WEBP = 0x57454250;

/**
 * What the beginning of a PNG, JPEG or GIF says of its size, before it is turned upright.
 * @throws RangeError where it does not go so far
 */
export function lookAt(head: ArrayBuffer): Head {
  const file = new DataView(head);
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
