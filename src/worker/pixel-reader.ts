import { InputError, RuntimeError } from '../errors.ts';
import { checkPictureSize } from '../image/check-picture.ts';
import type { Picture } from '../image/picture.ts';
import { STORED_PIXELS } from './bitmap-options.ts';
import type { PostedPicture } from './protocol.ts';

/** @throws InputError PICTURE_DECODE, PICTURE_SIZE; RuntimeError WORKER_FAILED without a canvas */
export type PixelReader = (posted: PostedPicture) => Promise<Picture>;

/** Reads pixels by one canvas, which is kept from picture to picture. */
export function createPixelReader(): PixelReader {
  let context: OffscreenCanvasRenderingContext2D | undefined;

  const readDrawable = (source: ImageBitmap | VideoFrame): Picture => {
    const [width, height] = sizeOf(source);
    checkPictureSize(width, height);
    context ??= openCanvas();
    if (context.canvas.width !== width) context.canvas.width = width;
    if (context.canvas.height !== height) context.canvas.height = height;
    // Replaces the picture before, also where this one is transparent.
    context.globalCompositeOperation = 'copy';
    context.drawImage(source, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    return { data, width, height, channels: 4 };
  };

  return async (posted) => {
    if ('data' in posted) return posted;
    const drawable = posted instanceof Blob ? await decode(posted) : posted;
    try {
      return readDrawable(drawable);
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
