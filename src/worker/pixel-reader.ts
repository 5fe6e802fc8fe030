import { InputError, RuntimeError } from '../errors.ts';
import { checkPictureSize } from '../image/check-picture.ts';
import type { Picture } from '../image/picture.ts';
import { STORED_PIXELS } from './bitmap-options.ts';
import type { PostedPicture } from './protocol.ts';
import { takeWebpOrientation, uprightTransform } from './webp-orientation.ts';

/** @throws InputError PICTURE_DECODE, PICTURE_SIZE; RuntimeError WORKER_FAILED without a canvas */
export type PixelReader = (posted: PostedPicture) => Promise<Picture>;

/** Reads pixels by one canvas, which is kept from picture to picture. */
export function createPixelReader(): PixelReader {
  let context: OffscreenCanvasRenderingContext2D | undefined;

  /** @param orientation of EXIF, where the source is not upright */
  const readDrawable = (source: ImageBitmap | VideoFrame, orientation = 1): Picture => {
    const [across, down] = sizeOf(source);
    checkPictureSize(across, down);
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

  return async (posted) => {
    if ('data' in posted) return posted;
    const { orientation, drawable } =
      posted instanceof Blob ? await decode(posted) : { orientation: 1, drawable: posted };
    try {
      return readDrawable(drawable, orientation);
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

async function decode(file: Blob): Promise<{ orientation: number; drawable: ImageBitmap }> {
  try {
    const { orientation, upright } = takeWebpOrientation(await file.arrayBuffer());
    const content = orientation === 1 ? file : new Blob([upright]);
    return { orientation, drawable: await createImageBitmap(content, STORED_PIXELS) };
  } catch (cause) {
    throw new InputError(
      'PICTURE_DECODE',
      `Cannot decode the picture of ${file.size} bytes, type ${file.type || 'unknown'}`,
      { cause, hint: 'is it whole, and of a format that this browser shows?' },
    );
  }
}
