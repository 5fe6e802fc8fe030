import { InputError } from '../errors.ts';
import { checkPicture } from './check-picture.ts';
import type { Picture, Preprocessing } from './picture.ts';
import { type Pixels, type Rectangle, resize } from './resize.ts';

/** `[height, width]` of the picture after the resize rule, before the crop. */
function resizedSize(
  picture: Picture,
  { rule, size }: Preprocessing['resize'],
): readonly [number, number] {
  const { width, height } = picture;
  if (rule === 'none') return [height, width];
  if (typeof size !== 'number') return size;
  if (rule === 'stretch') return [size, size];
  const shorter = Math.min(width, height);
  const longer = Math.trunc((size * Math.max(width, height)) / shorter);
  return width <= height ? [longer, size] : [size, longer];
}

/** Python's `round`: ties to the even neighbour. */
function roundHalfToEven(x: number): number {
  const down = Math.floor(x);
  const up = x - down > 0.5 || (x - down === 0.5 && down % 2 !== 0);
  return up ? down + 1 : down;
}

/**
 * One axis of a centre crop, as torchvision's `CenterCrop`: `wanted` of `length` pixels from
 * `start` on; where there are fewer, all of them, after `before` pixels of black.
 */
function centerSpan(
  length: number,
  wanted: number,
): { start: number; count: number; before: number } {
  if (length < wanted) return { start: 0, count: length, before: (wanted - length) >> 1 };
  return { start: roundHalfToEven((length - wanted) / 2), count: wanted, before: 0 };
}

/**
 * A picture made the network's input, step by step as torchvision does it for a PIL picture:
 * `Resize` (antialiased, 8 bits), `CenterCrop` (a picture smaller than the crop is padded with
 * black), `ToTensor` (`x / 255` in float32), `Normalize` (`(x - mean) / std` in float32).
 *
 * @param picture RGB or RGBA, 8 bits; alpha is ignored
 * @returns float32 `[3, height, width]` of `preprocessing.size`, row-major, red first
 * @throws InputError PICTURE_SIZE where the picture is empty, larger than 2^28 pixels, its `data`
 * too short or too long, or, without a crop, not of the network's size after the resize
 */
export function preprocess(picture: Picture, preprocessing: Preprocessing): Float32Array {
  const { pixels, place } = crop(picture, preprocessing);
  return normalize(pixels, place, preprocessing);
}

/**
 * What the network sees of a picture, before its values are normalised: pixels after resize and crop, and their place in
 * the network's input, which is black around them.
 */
export function crop(
  picture: Picture,
  preprocessing: Preprocessing,
): { readonly pixels: Pixels; readonly place: Rectangle } {
  const pixels = checkPicture(picture);
  const [height, width] = preprocessing.size;
  const [resizedHeight, resizedWidth] = resizedSize(pixels, preprocessing.resize);
  if (preprocessing.crop === 'none' && (resizedHeight !== height || resizedWidth !== width)) {
    throw new InputError(
      'PICTURE_SIZE',
      `A picture of ${pixels.width} x ${pixels.height} pixels becomes ${resizedWidth} x ` +
        `${resizedHeight}, but the model takes ${width} x ${height} and does not crop`,
      { hint: 'give a picture of the proportions that the model takes' },
    );
  }
  const x = centerSpan(resizedWidth, width);
  const y = centerSpan(resizedHeight, height);
  const window = { left: x.start, top: y.start, width: x.count, height: y.count };
  const cropped = resize(pixels, resizedWidth, resizedHeight, preprocessing.resize.filter, window);
  const place = { left: x.before, top: y.before, width, height };
  return { pixels: cropped, place };
}

/** RGB bytes into one plane per channel, at `left`, `top` of a black picture of `width` x `height`. */
export function normalize(
  pixels: Pixels,
  { left, top, width, height }: Rectangle,
  { mean, std }: Preprocessing,
): Float32Array {
  const plane = width * height;
  const tensor = new Float32Array(3 * plane);
  for (let channel = 0; channel < 3; channel++) {
    const values = normalizedLevels(mean[channel]!, std[channel]!);
    tensor.fill(values[0]!, channel * plane, (channel + 1) * plane);
    for (let y = 0; y < pixels.height; y++) {
      let i = y * pixels.width * 3 + channel;
      let o = channel * plane + (top + y) * width + left;
      for (let x = 0; x < pixels.width; x++, i += 3) tensor[o++] = values[pixels.data[i]!]!;
    }
  }
  return tensor;
}

/**
 * What each of the 256 levels becomes, every step rounded to float32. A std of 1/255 undoes the division:
 * levels stay whole numbers.
 */
function normalizedLevels(mean: number, std: number): Float32Array {
  const { fround } = Math;
  return Float32Array.from({ length: 256 }, (_, level) =>
    std === 1 / 255
      ? level - 255 * mean
      : fround(fround(fround(level / 255) - fround(mean)) / fround(std)),
  );
}
