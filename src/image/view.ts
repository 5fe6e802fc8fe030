import { invalidOption } from '../errors.ts';
import { checkPicture } from './check-picture.ts';
import type { Picture } from './picture.ts';
import { copyWindow, type Pixels } from './resize.ts';

/** A rectangle of a picture, in fractions of its width and height, 0 to 1 from the top left. */
export interface Region {
  /** Default 0. */
  readonly left?: number | undefined;
  /** Default 0. */
  readonly top?: number | undefined;
  /** More than `left`; default 1. */
  readonly right?: number | undefined;
  /** More than `top`; default 1. */
  readonly bottom?: number | undefined;
}

/** A turn, in degrees clockwise. */
export type Rotation = 0 | 90 | 180 | 270;

/** What of a picture is looked at, and which way up. */
export interface ViewOptions {
  /** Only this part of the picture, all pixels that it touches; default all of it. */
  region?: Region | undefined;
  /** How far what is left after `region` is turned clockwise to be upright; default 0. */
  rotate?: Rotation | undefined;
}

/**
 * The part of a picture that is asked for, turned upright: every pixel that the region touches.
 * @returns RGB; the picture itself where all of it is asked for
 * @throws InputError INVALID_OPTION; PICTURE_SIZE where the picture is not sound
 * @example
 * // Red and blue, side by side: a quarter turn clockwise puts red on top.
 * view({ data: Uint8Array.of(255, 0, 0, 0, 0, 255), width: 2, height: 1 }, { rotate: 90 });
 * // { data: [255, 0, 0, 0, 0, 255], width: 1, height: 2, channels: 3 }
 */
export function view(picture: Picture, { region, rotate = 0 }: ViewOptions): Picture {
  if (!region && !rotate) return picture;
  const { left = 0, top = 0, right = 1, bottom = 1 } = region ?? {};
  if (!(left >= 0 && left < right && right <= 1 && top >= 0 && top < bottom && bottom <= 1)) {
    throw invalidOption(
      'region',
      [left, top, right, bottom],
      'left < right, top < bottom, from 0 to 1',
    );
  }
  if (![0, 90, 180, 270].includes(rotate)) {
    throw invalidOption('rotate', rotate, '0, 90, 180 or 270');
  }
  const pixels = checkPicture(picture);
  const x = Math.floor(left * pixels.width);
  const y = Math.floor(top * pixels.height);
  const width = Math.ceil(right * pixels.width) - x;
  const height = Math.ceil(bottom * pixels.height) - y;
  const window = { left: x, top: y, width, height };
  let turned: Pixels = { data: copyWindow(pixels, window), width, height, channels: 3 };
  for (let angle = 0; angle < rotate; angle += 90) turned = quarterTurn(turned);
  return turned;
}

/** RGB turned by 90 degrees clockwise. */
function quarterTurn({ data, width, height }: Pixels): Pixels {
  const out = new Uint8Array(data.length);
  let o = 0;
  for (let x = 0; x < width; x++) {
    for (let y = height - 1; y >= 0; y--) {
      const i = (y * width + x) * 3;
      out.set(data.subarray(i, i + 3), o);
      o += 3;
    }
  }
  return { data: out, width: height, height: width, channels: 3 };
}
