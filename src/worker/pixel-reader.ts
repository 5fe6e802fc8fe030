import { InputError, RuntimeError } from '../errors.ts';
import { checkPictureSize } from '../image/check-picture.ts';
import type { Picture } from '../image/picture.ts';
import { STORED_PIXELS } from './bitmap-options.ts';
import type { PostedPicture } from './protocol.ts';

/** @throws InputError PICTURE_DECODE, PICTURE_SIZE; RuntimeError WORKER_FAILED without a canvas */
export type PixelReader = (posted: PostedPicture, maxPixels?: number) => Promise<Picture>;

/** Reads pixels by one canvas, which is kept from picture to picture. */
export function createPixelReader(): PixelReader {
  let context: OffscreenCanvasRenderingContext2D | undefined;

  /** @param orientation of EXIF; 1 where the source is upright */
  const readDrawable = (
    source: ImageBitmap | VideoFrame,
    orientation: number,
    maxPixels?: number,
  ): Picture => {
    const [across, down] = sizeOf(source);
    checkPictureSize(across, down, maxPixels);
    const [width, height] = orientation > 4 ? [down, across] : [across, down];
    context ??= openCanvas();
    if (context.canvas.width !== width) context.canvas.width = width;
    if (context.canvas.height !== height) context.canvas.height = height;
    // Replaces the picture before, also where this one is transparent.
    context.globalCompositeOperation = 'copy';
    context.setTransform(...uprightTransform(orientation, across, down));
    context.drawImage(source, 0, 0, across, down);
    context.resetTransform();
    const { data } = context.getImageData(0, 0, width, height);
    return { data, width, height, channels: 4 };
  };

  return async (posted, maxPixels) => {
    if ('data' in posted) return posted;
    const drawable = 'file' in posted ? await decode(posted.file) : posted;
    try {
      return readDrawable(drawable, 'file' in posted ? posted.orientation : 1, maxPixels);
    } finally {
      drawable.close();
    }
  };
}

function openCanvas(): OffscreenCanvasRenderingContext2D {
  const context =
    typeof OffscreenCanvas === 'function'
      ? new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })
      : null;
  if (context !== null) return context;
  throw new RuntimeError('WORKER_FAILED', 'Workers of this browser cannot read pictures', {
    hint: 'it has no OffscreenCanvas; pass ImageData',
  });
}

function sizeOf(source: ImageBitmap | VideoFrame): [number, number] {
  return 'displayWidth' in source
    ? [source.displayWidth, source.displayHeight]
    : [source.width, source.height];
}

async function decode(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, STORED_PIXELS);
  } catch (cause) {
    throw new InputError(
      'PICTURE_DECODE',
      `Cannot decode the picture of ${file.size} bytes, type ${file.type || 'unknown'}`,
      { cause, hint: 'is it whole, and of a format that this browser shows?' },
    );
  }
}

/**
 * The transformation of a canvas, a to f, that draws a stored picture upright.
 * @param width of the stored picture
 * @param height of the stored picture
 */
function uprightTransform(
  orientation: number,
  width: number,
  height: number,
): [a: number, b: number, c: number, d: number, e: number, f: number] {
  // In fours: as it is, mirrored, turned by half, upside down; from 5 on with x and y exchanged.
  const turn = (orientation - 1) % 4;
  const x = turn === 1 || turn === 2 ? -1 : 1;
  const y = turn > 1 ? -1 : 1;
  return orientation > 4
    ? [0, y, x, 0, x < 0 ? height : 0, y < 0 ? width : 0]
    : [x, 0, 0, y, x < 0 ? width : 0, y < 0 ? height : 0];
}
