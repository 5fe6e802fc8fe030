/** The three that `decodePicture` reads. */
export type PictureFormat = 'PNG' | 'JPEG' | 'WebP';

/** Leading bytes as text, one character a byte, and where they stand. */
interface Signature {
  readonly name: string;
  readonly offset: number;
  readonly text: string;
}

const PICTURES: readonly (Signature & { name: PictureFormat })[] = [
  { name: 'PNG', offset: 0, text: '\x89PNG\r\n\x1a\n' },
  { name: 'JPEG', offset: 0, text: '\xff\xd8\xff' },
  { name: 'WebP', offset: 8, text: 'WEBP' },
];

const OTHERS: readonly Signature[] = [
  { name: 'a GIF', offset: 0, text: 'GIF8' },
  { name: 'a BMP', offset: 0, text: 'BM' },
  { name: 'a TIFF', offset: 0, text: 'II*\0' },
  { name: 'a TIFF', offset: 0, text: 'MM\0*' },
  { name: 'an AVIF', offset: 4, text: 'ftypavif' },
  { name: 'a HEIC', offset: 4, text: 'ftyphei' },
  { name: 'a HEIC', offset: 4, text: 'ftypmif1' },
  { name: 'a JPEG XL', offset: 0, text: '\xff\n' },
  { name: 'a JPEG XL', offset: 4, text: 'JXL ' },
  { name: 'a PDF', offset: 0, text: '%PDF' },
  { name: 'a zip file', offset: 0, text: 'PK\x03\x04' },
  { name: 'a gzip file', offset: 0, text: '\x1f\x8b' },
];

/** Which of the three formats the bytes are, by content. */
export function sniffPicture(bytes: Uint8Array): PictureFormat | undefined {
  return PICTURES.find((signature) => matches(bytes, signature))?.name;
}

/** What bytes that are none of the three seem to be, with its article; `undefined` if no idea. */
export function sniffOther(bytes: Uint8Array): string | undefined {
  const start = new TextDecoder().decode(bytes.subarray(0, 512)).trimStart().toLowerCase();
  if (/^<(!doctype html|html|head|body)/.test(start)) return 'a web page (HTML)';
  if (start.startsWith('<svg') || (start.startsWith('<?xml') && start.includes('<svg'))) {
    return 'an SVG';
  }
  return OTHERS.find((signature) => matches(bytes, signature))?.name;
}

function matches(bytes: Uint8Array, { offset, text }: Signature): boolean {
  return [...text].every((character, i) => bytes[offset + i] === character.charCodeAt(0));
}
