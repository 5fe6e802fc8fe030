import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodePicture } from '../../src/node/decode.ts';
import { chunk, deflatedRows, deflatedZeros, png } from '../helpers/png.ts';

const pictures = new URL('../fixtures/pictures/', import.meta.url);
const read = (name: string) => new Uint8Array(readFileSync(new URL(name, pictures)));

const SIDE = 16384;

describe('the largest PNGs allowed, scaled while they are decoded', () => {
  test.each<[string, number, 0 | 2 | 6, boolean]>([
    ['1 bit', 1, 0, false],
    ['1 bit, interlaced', 1, 0, true],
    ['16 bits of grey', 16, 0, false],
    ['16 bits of RGBA', 16, 6, false],
  ])('%s', async (_, depth, colour, interlaced) => {
    const bytes = png({ width: SIDE, height: SIDE, depth, colour, interlaced });
    const picture = await decodePicture(bytes, { enough: 512 });
    expect(picture).toMatchObject({ width: 512, height: 512, fileWidth: SIDE, fileHeight: SIDE });
    expect(picture.data.subarray(0, 3)).toEqual(Uint8Array.of(0, 0, 0));
  });
});

test('a small picture is not scaled, however little is enough', async () => {
  const { width, fileWidth } = await decodePicture(read('rgb.png'), { enough: 2 });
  expect([width, fileWidth]).toEqual([23, 23]);
});

const row = Uint8Array.of(9, 8, 7, 6, 5, 4);
const rows = { width: 2, height: 1, depth: 8, colour: 2 } as const;

describe('read, as Pillow and browsers read them', () => {
  test.each<[string, Uint8Array]>([
    [
      'more compressed data than the header can need',
      png({ ...rows, pixels: deflatedRows([row, ...Array(2000).fill(row)]) }),
    ],
    [
      'padding behind the compressed data',
      png({ ...rows, pixels: Buffer.concat([deflatedRows([row]), Buffer.alloc(99)]) }),
    ],
    [
      'a second run of pixels behind the picture',
      Buffer.concat([
        png({ ...rows, pixels: deflatedRows([row]) }).subarray(0, -12),
        chunk('tEXt', Buffer.from('a\0b')),
        chunk('IDAT', deflatedRows([row])),
        chunk('IEND'),
      ]),
    ],
  ])('%s', async (_, bytes) => {
    const { data } = await decodePicture(Uint8Array.from(bytes));
    expect([...data]).toEqual([...row]);
  });

  test('a profile that inflates to a gigabyte is not inflated', async () => {
    const name = Buffer.from('x\0\0', 'latin1');
    const profile = chunk('iCCP', Buffer.concat([name, deflatedZeros(2 ** 30)]));
    const bytes = png({ ...rows, before: [profile], pixels: deflatedRows([row]) });
    expect([...(await decodePicture(bytes)).data]).toEqual([...row]);
  });

  test.each(['subsampled.jpg', 'progressive.jpg'])('%s without its end mark', async (name) => {
    const whole = await decodePicture(read(name));
    for (const missing of [1, 2]) {
      expect(await decodePicture(read(name).subarray(0, -missing))).toEqual(whole);
    }
  });
});

test('a JPEG of a million empty segments is refused: the decoder would keep them all', async () => {
  const segments = Buffer.alloc(4 * 1_000_000, Uint8Array.of(0xff, 0xe1, 0, 2));
  const jpeg = read('subsampled.jpg');
  const bytes = Buffer.concat([jpeg.subarray(0, 2), segments, jpeg.subarray(2)]);
  await expect(decodePicture(bytes)).rejects.toMatchObject({
    code: 'PICTURE_DECODE',
    message: expect.stringContaining('it has more than 65536 segments'),
  });
});

test('a JPEG that lacks a byte more than its end mark is refused', async () => {
  await expect(decodePicture(read('subsampled.jpg').subarray(0, -3))).rejects.toMatchObject({
    code: 'PICTURE_DECODE',
  });
});

/** The header's content changed, with the checksum that belongs to it. */
function withHeader(change: (header: DataView) => void): Uint8Array {
  const bytes = read('rgb.png');
  const header = new DataView(bytes.buffer, 16, 13);
  change(header);
  new DataView(bytes.buffer).setUint32(29, crc32(bytes.subarray(12, 29)));
  return bytes;
}

describe('refused PNGs say what is wrong with them', () => {
  test.each<[string, Uint8Array, string, RegExp]>([
    ['only a header', read('rgb.png').subarray(0, 20), 'PICTURE_DECODE', /inside its header/],
    ['half of it', read('rgb.png').subarray(0, 600), 'PICTURE_DECODE', /cut short/],
    [
      'no header',
      Buffer.concat([read('rgb.png').subarray(0, 8), chunk('tEXt', Buffer.alloc(30))]),
      'PICTURE_DECODE',
      /does not begin with a header/,
    ],
    [
      'no pixels',
      Buffer.concat([read('rgb.png').subarray(0, 33), chunk('IEND')]),
      'PICTURE_DECODE',
      /no pixels/,
    ],
    [
      'a flipped bit',
      read('rgb.png').map((byte, i) => (i === 500 ? byte ^ 1 : byte)),
      'PICTURE_DECODE',
      /checksum of its chunk "IDAT" at byte 33/,
    ],
    [
      'a bit depth that is none',
      withHeader((header) => header.setUint8(8, 7)),
      'PICTURE_DECODE',
      /7 bits, colour type 2/,
    ],
    ['no palette', withHeader((header) => header.setUint8(9, 3)), 'PICTURE_DECODE', /no palette/],
    [
      'sides of 2^31',
      withHeader((header) => header.setUint32(0, 2 ** 31 - 1)),
      'PICTURE_SIZE',
      /2147483647 x 17/,
    ],
    [
      'too long a side',
      png({ width: 2 ** 20 + 1, height: 1, depth: 1, colour: 0 }),
      'PICTURE_SIZE',
      /1048577 x 1/,
    ],
  ])('%s', async (_, bytes, code, message) => {
    const refused = decodePicture(Uint8Array.from(bytes));
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
