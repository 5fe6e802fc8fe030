import { invalidOption } from '../errors.ts';
import { checkPicture } from './check-picture.ts';
import type { Picture } from './picture.ts';

/** A colour behind transparent pictures: red, green, blue, each 0 to 255. */
export type Background = readonly [red: number, green: number, blue: number];

/** White, as the paper and most pages. */
const WHITE: Background = [255, 255, 255];

/**
 * A picture without transparency: each level is `(level alpha + background (255 - alpha)) / 255`,
 * rounded to the nearest, on the levels as they are stored. An opaque picture comes back as it is.
 * @param background `none` leaves the colours as they are, whatever their alpha, as Pillow's
 * `convert('RGB')` does
 * @throws InputError PICTURE_SIZE, INVALID_OPTION
 * @example
 * compose({ data: Uint8Array.of(0, 0, 0, 51), width: 1, height: 1 }).data; // 204, 204, 204
 */
export function compose(picture: Picture, background: Background | 'none' = WHITE): Picture {
  if (background === 'none') return picture;
  checkBackground(background);
  const { data, width, height, channels } = checkPicture(picture);
  if (channels === 3 || isOpaque(data)) return picture;
  const rgb = new Uint8Array(width * height * 3);
  const [red, green, blue] = background;
  for (let i = 0, o = 0; i < data.length; i += 4, o += 3) {
    const alpha = data[i + 3]!;
    const rest = 255 - alpha;
    // Exact quotients of 255 are rounded, so never a tie.
    rgb[o] = Math.round((data[i]! * alpha + red * rest) / 255);
    rgb[o + 1] = Math.round((data[i + 1]! * alpha + green * rest) / 255);
    rgb[o + 2] = Math.round((data[i + 2]! * alpha + blue * rest) / 255);
  }
  return { data: rgb, width, height, channels: 3 };
}

function isOpaque(rgba: Uint8Array | Uint8ClampedArray): boolean {
  for (let i = 3; i < rgba.length; i += 4) if (rgba[i] !== 255) return false;
  return true;
}

function checkBackground(background: unknown): void {
  const isColour =
    Array.isArray(background) &&
    background.length === 3 &&
    background.every((level) => Number.isInteger(level) && level >= 0 && level <= 255);
  if (isColour) return;
  throw invalidOption(
    'background',
    background,
    "[red, green, blue], each a whole number from 0 to 255, or 'none'",
  );
}
