import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors.ts';
import type { Picture } from '../../src/image/picture.ts';
import { decodePicture } from '../../src/node/decode.ts';

const pictures = new URL('../fixtures/pictures/', import.meta.url);
const samples = new URL('../../samples/', import.meta.url);

function read(name: string): Uint8Array {
  return readFileSync(new URL(name, pictures));
}

/** The colours without alpha. */
function rgbOf({ data, channels }: Picture): Uint8Array {
  return Uint8Array.from(channels === 4 ? data.filter((_, i) => i % 4 !== 3) : data);
}

describe('decodePicture gives the pixels of Pillow', () => {
  const sizes: Record<string, [number, number]> = JSON.parse(
    readFileSync(new URL('expected.json', pictures), 'utf8'),
  );
  const expected = new Uint8Array(gunzipSync(read('expected.bin.gz')));
  let offset = 0;
  for (const [name, [width, height]] of Object.entries(sizes)) {
    const pixels = expected.slice(offset, offset + width * height * 3);
    offset += pixels.length;
    it(name, async () => {
      const picture = await decodePicture(read(name));
      expect([picture.width, picture.height]).toEqual([width, height]);
      expect(rgbOf(picture)).toEqual(pixels);
    });
  }

  it('and all of them were compared', () => expect(offset).toBe(expected.length));
});

describe('decodePicture keeps alpha beside the colours', () => {
  for (const name of ['rgba.png', 'grey-alpha.png', 'rgba-16.png']) {
    it(name, async () => {
      const { data } = await decodePicture(read(name));
      const opacities = data.filter((_, i) => i % 4 === 3);
      expect([...opacities.slice(0, 4)]).toEqual([0, 6, 12, 18]);
    });
  }
});

async function failure(bytes: Uint8Array, maxPixels?: number): Promise<InputError> {
  const error = await decodePicture(bytes, { maxPixels }).then(
    () => expect.unreachable('decoded'),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(InputError);
  return error as InputError;
}

describe('decodePicture refuses, with PICTURE_DECODE,', () => {
  const text = (content: string) => new TextEncoder().encode(content);
  const bad: [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(0), /empty: 0 bytes/],
    ['one byte', Uint8Array.of(0xff), /1 bytes beginning with ff/],
    ['a web page', text('\n <!DOCTYPE html><html>404</html>'), /web page \(HTML\).*save the pict/],
    ['an SVG', text('<?xml version="1.0"?><svg/>'), /an SVG/],
    ['a BMP', text('BM............'), /a BMP.*PNG, JPEG, WebP, AVIF, GIF and TIFF/],
    ['a GIF that is only a signature', text('GIF89a..........'), /Cannot decode the GIF/],
    ['an AVIF that is only a brand', text('\0\0\0\x14ftypavif\0\0\0\0'), /Cannot decode the AVIF/],
    ['a HEIC', text('\0\0\0\x18ftypheic'), /a HEIC/],
    ['anything else', text('nonsense, clearly'), /beginning with 6e 6f 6e 73/],
    ['a PNG that is only a signature', read('rgb.png').subarray(0, 8), /PNG.*inside its header/],
    ['half a PNG', read('rgb.png').subarray(0, 600), /PNG.*cut short/],
    ['half a JPEG', read('subsampled.jpg').subarray(0, 750), /JPEG.*damaged or cut short/],
    ['a JPEG that is only a header', read('subsampled.jpg').subarray(0, 20), /JPEG/],
    ['half a WebP', read('lossless.webp').subarray(0, 400), /WebP/],
  ];
  for (const [name, bytes, message] of bad) {
    it(name, async () => {
      const error = await failure(bytes);
      expect(error.code).toBe('PICTURE_DECODE');
      expect(error.message).toMatch(message);
    });
  }

  it('a PNG with a bit flipped', async () => {
    const bytes = Uint8Array.from(read('rgb.png'));
    bytes[500]! ^= 1;
    expect((await failure(bytes)).message).toMatch(/Cannot decode the PNG/);
  });
});

describe('decodePicture refuses too many pixels, with PICTURE_SIZE,', () => {
  for (const name of ['rgb.png', 'subsampled.jpg', 'lossy.webp']) {
    it(`${name}, by the limit given`, async () => {
      const error = await failure(read(name), 390);
      expect(error.code).toBe('PICTURE_SIZE');
      expect(error.message).toMatch(/23 x 17 = 391 pixels/);
    });
    it(`but not ${name} of just as many`, async () => {
      expect((await decodePicture(read(name), { maxPixels: 391 })).width).toBe(23);
    });
  }

  it('of a PNG that claims 60000 x 60000, before it takes memory', async () => {
    const bytes = Uint8Array.from(read('rgb.png'));
    const header = new DataView(bytes.buffer);
    header.setUint32(16, 60000);
    header.setUint32(20, 60000);
    expect((await failure(bytes)).code).toBe('PICTURE_SIZE');
  });

  it('of a PNG of 0 x 0', async () => {
    const bytes = Uint8Array.from(read('rgb.png'));
    new DataView(bytes.buffer).setUint32(16, 0);
    expect((await failure(bytes)).message).toMatch(/0 x 17/);
  });
});

describe('decodePicture, on the samples,', () => {
  it('gives the pixels of pngjs for chelsea.png', async () => {
    const bytes = readFileSync(new URL('chelsea.png', samples));
    const picture = await decodePicture(bytes);
    const png: Picture = { ...PNG.sync.read(bytes), channels: 4 };
    expect([picture.width, picture.height]).toEqual([451, 300]);
    expect(Buffer.compare(rgbOf(picture), rgbOf(png))).toBe(0);
  });

  it('reads rocket.jpg', async () => {
    const { width, height } = await decodePicture(readFileSync(new URL('rocket.jpg', samples)));
    expect([width, height]).toEqual([640, 427]);
  });
});
