import { InputError } from '../errors.ts';
import { checkPicture } from './check-picture.ts';
import type { Picture } from './picture.ts';
import { copyWindow, type Pixels } from './resize.ts';

/** A rectangle of a picture, in fractions of its width and height, 0 to 1 from the top left. */
export interface Region {
  readonly left: number;
  readonly top: number;
  /** More than `left`. */
  readonly right: number;
  /** More than `top`. */
  readonly bottom: number;
}

/** A turn, in degrees clockwise. */
export type Rotation = 0 | 90 | 180 | 270;

/** What of a picture is looked at, and which way up. */
export interface ViewOptions {
  /** Only this part of the picture, to the nearest whole pixels; default all of it. */
  region?: Region | undefined;
  /** How far what is left after `region` is turned clockwise to be upright; default 0. */
  rotate?: Rotation | undefined;
}

const WHOLE: Region = { left: 0, top: 0, right: 1, bottom: 1 };

/**
 * The part of a picture that is asked for, turned upright. Edges lie at the nearest pixel; a region has
 * a pixel at least.
 * @returns RGB; the picture itself where all of it is asked for
 * @throws InputError INVALID_OPTION; PICTURE_SIZE where the picture is not sound
 * @example
 * // Red and blue, side by side: a quarter turn clockwise puts red on top.
 * view({ data: Uint8Array.of(255, 0, 0, 0, 0, 255), width: 2, height: 1 }, { rotate: 90 });
 * // { data: [255, 0, 0, 0, 0, 255], width: 1, height: 2, channels: 3 }
 */
export function view(picture: Picture, { region = WHOLE, rotate = 0 }: ViewOptions): Picture {
  checkView({ region, rotate });
  if (region === WHOLE && rotate === 0) return picture;
  const { left, top, right, bottom } = region;
  const pixels = checkPicture(picture);
  const [x, width] = span(left, right, pixels.width);
  const [y, height] = span(top, bottom, pixels.height);
  const window = { left: x, top: y, width, height };
  let turned: Pixels = { data: copyWindow(pixels, window), width, height, channels: 3 };
  for (let angle = 0; angle < rotate; angle += 90) turned = quarterTurn(turned);
  return turned;
}

/** @throws InputError INVALID_OPTION */
export function checkView({ region = WHOLE, rotate = 0 }: ViewOptions): void {
  const { left, top, right, bottom } = region;
  if (!(left >= 0 && left < right && right <= 1 && top >= 0 && top < bottom && bottom <= 1)) {
    throw new InputError('INVALID_OPTION', `region is ${JSON.stringify(region)}`, {
      hint: '{ left, top, right, bottom } from 0 to 1, left < right, top < bottom',
    });
  }
  if (![0, 90, 180, 270].includes(rotate)) {
    throw new InputError('INVALID_OPTION', `rotate is ${rotate}`, { hint: '0, 90, 180 or 270' });
  }
}

/** Start and length, in pixels, of a part of a side of `length`. */
function span(from: number, to: number, length: number): [start: number, count: number] {
  const start = Math.min(Math.round(from * length), length - 1);
  return [start, Math.max(1, Math.round(to * length) - start)];
}

/** RGB turned by 90 degrees clockwise. */
function quarterTurn({ data, width, height }: Pixels): Pixels {
  const out = new Uint8Array(data.length);
  let o = 0;
  for (let x = 0; x < width; x++) {
    for (let y = height - 1; y >= 0; y--) {
      const i = (y * width + x) * 3;
      out[o++] = data[i]!;
      out[o++] = data[i + 1]!;
      out[o++] = data[i + 2]!;
    }
  }
  return { data: out, width: height, height: width, channels: 3 };
}
