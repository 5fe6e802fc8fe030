import { InputError } from '../errors.ts';
import type { Picture } from './picture.ts';

/** More than any camera takes, and still less than 1 GiB as RGB. */
export const MAX_PICTURE_PIXELS = 2 ** 28;

/** No longer than this on a side, so that the taps of a resize fit in memory, too. */
export const MAX_PICTURE_SIDE = 2 ** 20;

/**
 * Checks the size of a picture before anything is allocated for it.
 * @param maxPixels at most this many, in width times height
 * @throws InputError PICTURE_SIZE where a side is not a whole number from 1 to 2^20, or the
 * picture has more than `maxPixels`
 */
export function checkPictureSize(
  width: number,
  height: number,
  maxPixels: number = MAX_PICTURE_PIXELS,
): void {
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1 || side > MAX_PICTURE_SIDE) {
      throw new InputError('PICTURE_SIZE', `A picture of ${width} x ${height} pixels`, {
        hint: `each side must be a whole number from 1 to ${MAX_PICTURE_SIDE}`,
      });
    }
  }
  if (!(width * height <= maxPixels)) {
    throw new InputError(
      'PICTURE_SIZE',
      `A picture of ${width} x ${height} = ${width * height} pixels is too large`,
      { hint: `maxPixels (--max-pixels) is ${maxPixels}` },
    );
  }
}

/**
 * Checks a picture and works out its channels.
 * @throws InputError PICTURE_SIZE where a side is not a whole number from 1 to 2^20, the picture
 * has more than 2^28 pixels, or `data` has not the bytes that its size takes
 */
export function checkPicture(picture: Picture): Required<Picture> {
  const { data, width, height } = picture;
  checkPictureSize(width, height);
  const channels = picture.channels ?? (data.length === width * height * 3 ? 3 : 4);
  if (channels !== 3 && channels !== 4) {
    throw new InputError('PICTURE_SIZE', `A picture of ${channels} channels`, {
      hint: 'RGB (3) and RGBA (4) are read',
    });
  }
  if (data.length !== width * height * channels) {
    const wanted =
      picture.channels === undefined
        ? `${width * height * 3} (RGB) or ${width * height * 4} (RGBA)`
        : `${width * height * channels}`;
    throw new InputError(
      'PICTURE_SIZE',
      `A picture of ${width} x ${height} pixels takes ${wanted} bytes, not ${data.length}`,
    );
  }
  return { data, width, height, channels };
}
