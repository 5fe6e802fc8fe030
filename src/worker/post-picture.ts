import { InputError } from '../errors.ts';
import { checkBytes, fileLimit } from '../file/byte-limit.ts';
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

/** How a picture is taken. */
export interface TakeOptions {
  /**
   * Gives the pixels of an ImageBitmap, VideoFrame or ImageData to the worker instead of a copy:
   * the caller can no longer use them. Default false.
   */
  transfer?: boolean | undefined;
  /** Pictures of more pixels are refused, files by what they say before they are decoded; default 2^28. */
  maxPixels?: number | undefined;
  /** Files of more bytes are refused; default 2^28. */
  maxBytes?: number | undefined;
}

/**
 * Takes a picture as it is at this moment: what the caller draws, plays or closes later does not
 * show. Files are decoded by the worker.
 * @throws InputError PICTURE_DECODE, PICTURE_SIZE; FileError FILE_TOO_LARGE
 */
export async function toPostable(
  source: PictureSource,
  { transfer, maxPixels, maxBytes }: TakeOptions,
): Promise<Postable> {
  const kind = kindOf(source);
  const check = (width: number, height: number) => checkPictureSize(width, height, maxPixels);
  switch (kind) {
    case 'Blob':
    case 'File':
      checkBytes((source as Blob).size, 'The picture', fileLimit(maxBytes));
      return postableFile(source as Blob, check);
    case 'HTMLImageElement':
      return snapshotOfImage(source as HTMLImageElement);
    case 'HTMLVideoElement':
      return snapshot(source as HTMLVideoElement, kind);
    case 'HTMLCanvasElement':
    case 'OffscreenCanvas': {
      const canvas = source as HTMLCanvasElement | OffscreenCanvas;
      check(canvas.width, canvas.height);
      return snapshot(canvas, kind);
    }
    case 'ImageBitmap':
    case 'VideoFrame': {
      const pixels = source as ImageBitmap | VideoFrame;
      return transfer ? { picture: pixels, transfer: [pixels] } : snapshot(pixels, kind);
    }
    default:
      return postablePixels(source as Picture, kind, transfer, check);
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

type SizeCheck = (width: number, height: number) => void;

async function postableFile(source: Blob, check: SizeCheck): Promise<Postable> {
  const { takeFile } = await import('./stored-file.ts').catch((cause) => {
    throw new InputError('PICTURE_DECODE', 'Cannot look at a stored picture', {
      cause,
      hint: `is worker/stored-file.js of mobinet/dist served?`,
    });
  });
  const { file, orientation, resizeWidth } = await takeFile(source, check);
  if (resizeWidth !== undefined) return snapshot(file, 'Blob', { resizeWidth });
  return { picture: { file, orientation }, transfer: [] };
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
  source: Exclude<ImageBitmapSource, ImageData>,
  kind: string,
  scaling?: ImageBitmapOptions,
): Promise<Postable> {
  try {
    const bitmap = await createImageBitmap(source, { ...STORED_PIXELS, ...scaling });
    return { picture: bitmap, transfer: [bitmap] };
  } catch (cause) {
    throw new InputError('PICTURE_DECODE', `The ${kind} has no picture to read`, {
      cause,
      hint: 'a video must have its first frame, a frame or bitmap must not be closed',
    });
  }
}

function postablePixels(
  source: Picture,
  kind: string,
  giveAway: boolean | undefined,
  check: SizeCheck,
): Postable {
  const bytes: unknown = source?.data;
  if (!(bytes instanceof Uint8Array || bytes instanceof Uint8ClampedArray)) {
    throw new InputError('PICTURE_DECODE', `Cannot read a picture from ${kind}`, {
      hint: 'pass an image, video or canvas element, a Blob, ImageBitmap, VideoFrame, or 8-bit ImageData',
    });
  }
  const { width, height, channels } = checkPicture(source);
  check(width, height);
  const data = giveAway ? source.data : source.data.slice();
  return { picture: { data, width, height, channels }, transfer: [data.buffer as ArrayBuffer] };
}
