import { InputError } from '../errors.ts';
import { checkPicture, checkPictureSize } from '../image/check-picture.ts';
import type { Picture } from '../image/picture.ts';
import { STORED_PIXELS } from './bitmap-options.ts';
import type { PostedPicture } from './protocol.ts';

/** A picture as a browser has it. */
export type PictureSource =
  | Picture
  | ImageData
  | ImageBitmap
  | Blob
  | HTMLImageElement
  | HTMLVideoElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | VideoFrame;

/** A picture ready for `postMessage`. */
export interface Postable {
  readonly picture: PostedPicture;
  /** What is handed over with it. */
  readonly transfer: Transferable[];
}

/**
 * Takes a picture as it is at this moment: what the caller draws, plays or closes later does not
 * show. Files are decoded by the worker.
 * @param giveAway hand over the caller's own pixels instead of a copy
 * @throws InputError PICTURE_DECODE, PICTURE_SIZE
 */
export async function toPostable(source: PictureSource, giveAway = false): Promise<Postable> {
  const kind = kindOf(source);
  switch (kind) {
    case 'Blob':
    case 'File':
      return postableFile(source as Blob);
    case 'HTMLImageElement':
      return snapshotOfImage(source as HTMLImageElement);
    case 'HTMLVideoElement':
      return snapshot(source as HTMLVideoElement, kind);
    case 'HTMLCanvasElement':
    case 'OffscreenCanvas': {
      const { width, height } = source as HTMLCanvasElement | OffscreenCanvas;
      checkPictureSize(width, height);
      return snapshot(source as HTMLCanvasElement | OffscreenCanvas, kind);
    }
    case 'ImageBitmap':
    case 'VideoFrame': {
      const pixels = source as ImageBitmap | VideoFrame;
      return giveAway ? { picture: pixels, transfer: [pixels] } : snapshot(pixels, kind);
    }
    default:
      return postablePixels(source as Picture, kind, giveAway);
  }
}

/** Frees a picture that was not posted; nothing happens to one that was. */
export function release({ picture }: Postable): void {
  if ('close' in picture) picture.close();
}

/** The class's name; `instanceof` would not know what comes from another frame. */
function kindOf(source: unknown): string {
  return Object.prototype.toString.call(source).slice(8, -1);
}

/** Browsers leave the orientation of a WebP alone: what reads it is fetched where there is one. */
async function postableFile(file: Blob): Promise<Postable> {
  // What cannot be read is the worker's to tell.
  const format = await file
    .slice(8, 12)
    .text()
    .catch(() => undefined);
  if (format !== 'WEBP') return { picture: { file, orientation: 1 }, transfer: [] };
  try {
    const { takeWebpOrientation } = await import('./webp-orientation.ts');
    const { orientation, upright } = takeWebpOrientation(await file.arrayBuffer());
    const content = orientation === 1 ? file : new Blob([upright]);
    return { picture: { file: content, orientation }, transfer: [] };
  } catch (cause) {
    throw new InputError('PICTURE_DECODE', 'Cannot read the orientation of the WebP picture', {
      cause,
      hint: `is worker/webp-orientation.js of mobinet/dist served? ${cause}`,
    });
  }
}

async function snapshotOfImage(image: HTMLImageElement): Promise<Postable> {
  try {
    await image.decode();
  } catch (cause) {
    throw new InputError('PICTURE_DECODE', `Cannot decode the image ${image.currentSrc}`, {
      cause,
      hint: 'is it there, and a picture that this browser shows?',
    });
  }
  return snapshot(image, 'HTMLImageElement');
}

async function snapshot(
  source: Exclude<ImageBitmapSource, Blob | ImageData>,
  kind: string,
): Promise<Postable> {
  try {
    const bitmap = await createImageBitmap(source, STORED_PIXELS);
    return { picture: bitmap, transfer: [bitmap] };
  } catch (cause) {
    throw new InputError('PICTURE_DECODE', `The ${kind} has no picture to read`, {
      cause,
      hint: 'a video must have its first frame, a frame or bitmap must not be closed',
    });
  }
}

function postablePixels(source: Picture, kind: string, giveAway: boolean): Postable {
  const bytes: unknown = source?.data;
  if (!(bytes instanceof Uint8Array || bytes instanceof Uint8ClampedArray)) {
    throw new InputError('PICTURE_DECODE', `Cannot read a picture from ${kind}`, {
      hint: 'pass an image, video or canvas element, a Blob, ImageBitmap, VideoFrame, or 8-bit ImageData',
    });
  }
  const { width, height, channels } = checkPicture(source);
  const data = giveAway ? source.data : source.data.slice();
  return { picture: { data, width, height, channels }, transfer: [data.buffer as ArrayBuffer] };
}
