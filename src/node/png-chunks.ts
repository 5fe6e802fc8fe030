/** What a PNG says of itself, and what is wrong with it: its decoder says only that it failed. */

const SIGNATURE_BYTES = 8;
/** Length, type and checksum around the content of a chunk. */
const CHUNK_BYTES = 12;
const HEADER_CONTENT = 13;

interface Chunk {
  readonly type: string;
  readonly offset: number;
  /** The type and the content, which the checksum is of. */
  readonly body: Uint8Array;
  readonly checksum: number;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The chunks up to IEND that are whole. */
function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  for (let offset = SIGNATURE_BYTES; offset + CHUNK_BYTES <= bytes.length; ) {
    const length = view(bytes).getUint32(offset);
    const end = offset + CHUNK_BYTES + length;
    if (end > bytes.length) return;
    const body = bytes.subarray(offset + 4, end - 4);
    const type = String.fromCharCode(...body.subarray(0, 4));
    yield { type, offset, body, checksum: view(bytes).getUint32(end - 4) };
    if (type === 'IEND') return;
    offset = end;
  }
}

/** @throws Error where there is no header, or not a whole one */
export function pngSize(bytes: Uint8Array): { width: number; height: number } {
  if (bytes.length < SIGNATURE_BYTES + CHUNK_BYTES + HEADER_CONTENT) {
    throw new Error('the file ends inside its header');
  }
  const [header] = chunksOf(bytes);
  if (header?.type !== 'IHDR') throw new Error('it does not begin with a header (IHDR)');
  const content = header.body.subarray(4);
  if (content.length !== HEADER_CONTENT) {
    throw new Error(`its header has ${content.length} bytes, not ${HEADER_CONTENT}`);
  }
  return { width: view(content).getUint32(0), height: view(content).getUint32(4) };
}

/** The first thing that is wrong with the chunks of a PNG that its decoder refused. */
export function pngFault(bytes: Uint8Array): string {
  const types: string[] = [];
  for (const { type, offset, body, checksum } of chunksOf(bytes)) {
    if (crc32(body) !== checksum) {
      return `the checksum of its chunk ${JSON.stringify(type)} at byte ${offset} is wrong`;
    }
    types.push(type);
  }
  if (types.at(-1) !== 'IEND') return 'the file is cut short';
  if (!types.includes('IDAT')) return 'it has no pixels (no chunk IDAT)';
  const { body } = chunksOf(bytes).next().value!;
  const [depth, colour, , , interlacing] = body.subarray(12);
  if (colour === 3 && !types.includes('PLTE')) return 'it has no palette (no chunk PLTE)';
  return (
    `its header (${depth} bits, colour type ${colour}, interlacing ${interlacing}) or its ` +
    'compressed pixels are wrong'
  );
}

/** CRC-32 as PNG has it; of node:zlib only since Node 20.15. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
