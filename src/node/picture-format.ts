/** The formats that `decodePicture` reads. */
export const PICTURE_FORMATS = ['PNG', 'JPEG', 'WebP', 'AVIF', 'GIF', 'TIFF'] as const;

export type PictureFormat = (typeof PICTURE_FORMATS)[number];

/** Leading bytes as text, one character a byte, and where they stand. */
interface Signature<Name extends string = string> {
  readonly name: Name;
  readonly offset: number;
  readonly text: string;
}

const PICTURES: readonly Signature<PictureFormat>[] = [
  { name: 'PNG', offset: 0, text: '\x89PNG\r\n\x1a\n' },
  { name: 'JPEG', offset: 0, text: '\xff\xd8\xff' },
  { name: 'WebP', offset: 8, text: 'WEBP' },
  { name: 'GIF', offset: 0, text: 'GIF87a' },
  { name: 'GIF', offset: 0, text: 'GIF89a' },
  { name: 'TIFF', offset: 0, text: 'II*\0' },
  { name: 'TIFF', offset: 0, text: 'MM\0*' },
];

const OTHERS: readonly Signature[] = [
  { name: 'a BMP', offset: 0, text: 'BM' },
  { name: 'a JPEG XL', offset: 0, text: '\xff\n' },
  { name: 'a JPEG XL', offset: 4, text: 'JXL ' },
  { name: 'a PDF', offset: 0, text: '%PDF' },
  { name: 'a zip file', offset: 0, text: 'PK\x03\x04' },
  { name: 'a gzip file', offset: 0, text: '\x1f\x8b' },
];

/** Which of the formats that are read the bytes are, by content. */
export function sniffPicture(bytes: Uint8Array): PictureFormat | undefined {
  if (brandsOf(bytes).some((brand) => /^avi[fs]$/.test(brand))) return 'AVIF';
  return PICTURES.find((signature) => matches(bytes, signature))?.name;
}

/** What bytes that are none of those seem to be, with its article; `undefined` if no idea. */
export function sniffOther(bytes: Uint8Array): string | undefined {
  const start = new TextDecoder().decode(bytes.subarray(0, 512)).trimStart().toLowerCase();
  if (/^<(!doctype html|html|head|body)/.test(start)) return 'a web page (HTML)';
  if (start.startsWith('<svg') || (start.startsWith('<?xml') && start.includes('<svg'))) {
    return 'an SVG';
  }
  if (brandsOf(bytes).some((brand) => /^(hei|hev|mif1)/.test(brand))) return 'a HEIC';
  return OTHERS.find((signature) => matches(bytes, signature))?.name;
}

/** What a file of the ISO base media format says it is, such as `avif`, `mif1`; none of others. */
function brandsOf(bytes: Uint8Array): string[] {
  if (!matches(bytes, { name: '', offset: 4, text: 'ftyp' })) return [];
  const end = Math.min(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0), 256);
  const brands = new TextDecoder('latin1').decode(bytes.subarray(8, end)).match(/.{4}/gs) ?? [];
  // The second is a version.
  return brands.filter((_, index) => index !== 1);
}

function matches(bytes: Uint8Array, { offset, text }: Signature): boolean {
  return [...text].every((character, i) => bytes[offset + i] === character.charCodeAt(0));
}
