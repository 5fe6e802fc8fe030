/** Pictures of every kind that is read, damaged; PNGs mostly with checksums that hold. */

import { readdirSync, readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { InputError } from '../../../src/errors.ts';
import { decodePicture } from '../../../src/node/index.ts';
import { mutateBytes, pick } from '../mutate.ts';
import { expectThat, type Target } from '../target.ts';

const folder = new URL('../../fixtures/pictures/', import.meta.url);

const SEEDS = readdirSync(folder)
  .filter((file) => /\.(png|jpg|webp)$/.test(file))
  .sort()
  .map((file) => Uint8Array.from(readFileSync(new URL(file, folder))));

const MAX_PIXELS = 2 ** 22;

export const pictures: Target = {
  extension: 'picture',
  make(random) {
    const bytes = mutateBytes(random, pick(random, SEEDS));
    if (random.next() < 0.8) mendChecksums(bytes);
    return bytes;
  },
  async check(input) {
    try {
      const { data, width, height, channels } = await decodePicture(input, {
        maxPixels: MAX_PIXELS,
      });
      const isWhole = data.length === width * height * channels && data.length > 0;
      expectThat(isWhole, `${data.length} bytes of ${width} x ${height} x ${channels}`);
      expectThat(width * height <= MAX_PIXELS, `${width} x ${height} pixels`);
      return 'taken';
    } catch (error) {
      if (error instanceof InputError) return error.code;
      throw error;
    }
  },
};

/** Of a PNG's chunks, in place; other bytes stay as they are. */
function mendChecksums(bytes: Uint8Array): void {
  if (bytes[0] !== 0x89) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    if (at + 12 + length > bytes.length) return;
    view.setUint32(at + 8 + length, crc32(bytes.subarray(at + 4, at + 8 + length)));
    at += 12 + length;
  }
}
