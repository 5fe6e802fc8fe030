/**
 * Antialiased resize of 8-bit pixels, equal to `Image.resize` of Pillow 13 to the last bit.
 *
 * Along one axis, n source pixels become m. With the ratio s = n / m, stretched to at least 1
 * (downwards the filter widens to cover all the pixels that fall into one; upwards it does not
 * shrink), output x is centred on c = (x + 1/2) * s and is the weighted mean of the source pixels i
 * from trunc(c - r + 1/2) to trunc(c + r + 1/2) - 1, with r = max(s, 1) times the filter's radius:
 *
 *     w_i = f((i - c + 1/2) / max(s, 1)) / (sum of those),   f the filter
 *
 * computed in double precision and rounded, away from zero at ties, to fixed point with 22 bits
 * after the point: 8 bits of pixel, 2 bits of head-room and 22 of weight fill 32. The rows go
 * first, are rounded and clipped to 8 bits, then the columns: separable, but not linear, so the
 * order and the rounding in the middle are part of the definition. Where the height shrinks by more
 * than twice as many pixels as the width, the columns go first: tall pictures, also where proportions
 * are kept (before version 13 Pillow had the rows always first). An axis whose length stays is left
 * alone (its weights would be 1).
 */

import type { Picture, Preprocessing } from './picture.ts';

export type Filter = Preprocessing['resize']['filter'];

/** A picture whose number of channels is known. */
export type Pixels = Required<Picture>;

/** A rectangle of a picture, in whole pixels. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface Kernel {
  /** The filter is zero beyond this distance, in pixels. */
  readonly radius: number;
  readonly at: (x: number) => number;
}

const KERNELS: Record<Filter, Kernel> = {
  box: { radius: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { radius: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { radius: 2, at: cubic },
  lanczos: { radius: 3, at: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

const WEIGHT_BITS = 32 - 8 - 2;
const WEIGHT_ONE = 2 ** WEIGHT_BITS;
const WEIGHT_HALF = WEIGHT_ONE / 2;

/** Keys' cubic convolution with a = -1/2. */
function cubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** What each output of one axis reads: `counts[x]` pixels from `starts[x]` on, by weight. */
interface Taps {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** Output x's weights begin at `x * stride`; fixed point, 22 bits after the point. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/** Taps of the outputs `first` to `first + count - 1` of an axis of `from` pixels made `to`. */
function makeTaps(from: number, to: number, first: number, count: number, kernel: Kernel): Taps {
  const ratio = from / to;
  const stretch = Math.max(ratio, 1);
  const radius = kernel.radius * stretch;
  // By the reciprocal, as Pillow: dividing may differ in the last bit.
  const perPixel = 1 / stretch;
  const stride = Math.min(from, Math.ceil(radius) * 2 + 1);
  const starts = new Int32Array(count);
  const counts = new Int32Array(count);
  const weights = new Int32Array(count * stride);
  const exact = new Float64Array(stride);
  for (let x = 0; x < count; x++) {
    const center = (first + x + 0.5) * ratio;
    const start = Math.max(0, Math.trunc(center - radius + 0.5));
    const end = Math.min(from, Math.trunc(center + radius + 0.5));
    let sum = 0;
    for (let i = start; i < end; i++) {
      const weight = kernel.at((i - center + 0.5) * perPixel);
      exact[i - start] = weight;
      sum += weight;
    }
    for (let t = 0; t < end - start; t++) {
      const weight = (sum === 0 ? exact[t]! : exact[t]! / sum) * WEIGHT_ONE;
      weights[x * stride + t] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    starts[x] = start;
    counts[x] = end - start;
  }
  return { starts, counts, weights, stride };
}

/** Rows `firstRow` to `firstRow + rowCount - 1` of the picture, resized along x; RGB. */
function resizeRows(
  { data, width, channels }: Pixels,
  firstRow: number,
  rowCount: number,
  { starts, counts, weights, stride }: Taps,
): Uint8ClampedArray {
  const out = new Uint8ClampedArray(rowCount * starts.length * 3);
  let o = 0;
  for (let y = firstRow; y < firstRow + rowCount; y++) {
    for (let x = 0; x < starts.length; x++) {
      let red = WEIGHT_HALF;
      let green = WEIGHT_HALF;
      let blue = WEIGHT_HALF;
      let w = x * stride;
      let i = (y * width + starts[x]!) * channels;
      for (const end = w + counts[x]!; w < end; w++) {
        const weight = weights[w]!;
        red = (red + Math.imul(data[i]!, weight)) | 0;
        green = (green + Math.imul(data[i + 1]!, weight)) | 0;
        blue = (blue + Math.imul(data[i + 2]!, weight)) | 0;
        i += channels;
      }
      out[o++] = red >> WEIGHT_BITS;
      out[o++] = green >> WEIGHT_BITS;
      out[o++] = blue >> WEIGHT_BITS;
    }
  }
  return out;
}

/**
 * A part of each row of some, resized along y.
 * @param begin of that part in the row that the taps call 0, which need not be there
 * @param rowBytes of that part
 * @param rowStride bytes from one row to the next
 */
function resizeColumns(
  rows: Uint8Array | Uint8ClampedArray,
  begin: number,
  rowBytes: number,
  rowStride: number,
  { starts, counts, weights, stride }: Taps,
): Uint8ClampedArray {
  const out = new Uint8ClampedArray(starts.length * rowBytes);
  const sums = new Int32Array(rowBytes);
  for (let y = 0; y < starts.length; y++) {
    sums.fill(WEIGHT_HALF);
    for (let t = 0; t < counts[y]!; t++) {
      const weight = weights[y * stride + t]!;
      const row = begin + (starts[y]! + t) * rowStride;
      for (let i = 0; i < rowBytes; i++) sums[i]! += Math.imul(rows[row + i]!, weight);
    }
    for (let i = 0; i < rowBytes; i++) out[y * rowBytes + i] = sums[i]! >> WEIGHT_BITS;
  }
  return out;
}

/** RGB of a rectangle of the picture, as it is. */
export function copyWindow(
  picture: Pixels,
  { left, top, width, height }: Rectangle,
): Uint8ClampedArray {
  const { data, channels } = picture;
  const out = new Uint8ClampedArray(width * height * 3);
  let o = 0;
  for (let y = top; y < top + height; y++) {
    let i = (y * picture.width + left) * channels;
    for (let x = 0; x < width; x++, i += channels) {
      out[o++] = data[i]!;
      out[o++] = data[i + 1]!;
      out[o++] = data[i + 2]!;
    }
  }
  return out;
}

/**
 * The picture at `width` x `height`, or only a window of it: the same pixels, without the work for
 * the others.
 *
 * @param picture sound (`checkPicture`), RGB or RGBA; alpha is dropped
 * @param width of the whole resized picture, at least 1
 * @param height of the whole resized picture, at least 1
 * @param window the part wanted, inside `width` x `height`; default all
 * @returns RGB, of the window's size
 */
export function resize(
  picture: Pixels,
  width: number,
  height: number,
  filter: Filter,
  window: Rectangle = { left: 0, top: 0, width, height },
): Pixels {
  const kernel = KERNELS[filter];
  const { left, top, width: across, height: down } = window;
  const rows =
    width === picture.width ? undefined : makeTaps(picture.width, width, left, across, kernel);
  const columns =
    height === picture.height ? undefined : makeTaps(picture.height, height, top, down, kernel);
  const goesDown = picture.height - height;
  const isTall = goesDown > 0 && goesDown > 2 * (picture.width - width);
  const data =
    rows && columns && isTall
      ? columnsFirst(picture, rows, columns)
      : rowsFirst(picture, rows, columns, window);
  return { data, width: across, height: down, channels: 3 };
}

/** Where what the taps read begins, and how much it is. */
function reach({ starts, counts }: Taps): { first: number; count: number } {
  const first = starts[0]!;
  return { first, count: starts.at(-1)! + counts.at(-1)! - first };
}

function rowsFirst(
  picture: Pixels,
  rows: Taps | undefined,
  columns: Taps | undefined,
  window: Rectangle,
): Uint8ClampedArray {
  const { first, count } = columns ? reach(columns) : { first: window.top, count: window.height };
  const resized = rows
    ? resizeRows(picture, first, count, rows)
    : copyWindow(picture, { ...window, top: first, height: count });
  const rowBytes = window.width * 3;
  return columns ? resizeColumns(resized, -first * rowBytes, rowBytes, rowBytes, columns) : resized;
}

function columnsFirst(picture: Pixels, rows: Taps, columns: Taps): Uint8ClampedArray {
  const { channels } = picture;
  const { first, count: width } = reach(rows);
  const height = columns.starts.length;
  const rowStride = picture.width * channels;
  const data = resizeColumns(picture.data, first * channels, width * channels, rowStride, columns);
  const starts = rows.starts.map((start) => start - first);
  return resizeRows({ data, width, height, channels }, 0, height, { ...rows, starts });
}
