import { InputError } from '../errors.ts';
import { checkPictureSize, MAX_PICTURE_PIXELS } from '../image/check-picture.ts';
import type { Picture } from '../image/picture.ts';
import { decodePng, pngSize } from './decode-png.ts';
import { type PictureFormat, sniffOther, sniffPicture } from './picture-format.ts';

export interface DecodeOptions {
  /** Pictures of more pixels are refused before memory is taken for them; default 2^28. */
  maxPixels?: number | undefined;
}

/**
 * Pixels of a PNG, JPEG or WebP, told apart by content, equal to those of Pillow's
 * `convert('RGB')`: alpha is kept but not applied, colour profiles are ignored, CMYK and grey
 * become RGB. Unlike there, the EXIF orientation of a JPEG or WebP is applied. Of an animation,
 * the first picture.
 *
 * @param bytes the file's content
 * @throws InputError PICTURE_DECODE where the bytes are none of the three or damaged,
 * PICTURE_SIZE where the picture has too many pixels
 * @example
 * ```js
 * import { readFile } from 'node:fs/promises';
 * import { decodePicture } from 'mobinet/node';
 *
 * const { width, height, channels } = await decodePicture(await readFile('samples/rocket.jpg'));
 * console.log(width, height, channels);
 * // 640 427 3
 * ```
 */
export async function decodePicture(
  bytes: Uint8Array,
  { maxPixels = MAX_PICTURE_PIXELS }: DecodeOptions = {},
): Promise<Picture> {
  const format = sniffPicture(bytes);
  if (format === undefined) throw notAPicture(bytes);
  try {
    return format === 'PNG'
      ? decodeSizedPng(bytes, maxPixels)
      : await decodeWithSharp(bytes, maxPixels);
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw damaged(format, cause);
  }
}

function decodeSizedPng(bytes: Uint8Array, maxPixels: number): Picture {
  const { width, height } = pngSize(bytes);
  checkPictureSize(width, height, maxPixels);
  return decodePng(bytes);
}

async function decodeWithSharp(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const sharp = await loadSharp();
  const picture = sharp(bytes, {
    limitInputPixels: false,
    ignoreIcc: true,
    // As Pillow: less than a missing piece is let pass.
    failOn: 'truncated',
  }).autoOrient();
  const { width, height, space } = await picture.metadata();
  checkPictureSize(width, height, maxPixels);
  if (space === 'cmyk') {
    const inks = picture.pipelineColourspace('cmyk').toColourspace('cmyk');
    const { data, info } = await inks.raw().toBuffer({ resolveWithObject: true });
    return { data: inksToRgb(data), width: info.width, height: info.height, channels: 3 };
  }
  const rgb = picture.toColourspace('srgb').removeAlpha();
  const { data, info } = await rgb.raw().toBuffer({ resolveWithObject: true });
  return {
    data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    width: info.width,
    height: info.height,
    channels: 3,
  };
}

/** Loaded only where it is needed: PNGs are read without, and a platform may lack it. */
async function loadSharp(): Promise<typeof import('sharp')['default']> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new InputError('PICTURE_DECODE', 'Cannot load sharp, which reads JPEG and WebP', {
      cause,
      hint: 'npm install --include=optional sharp, or give a PNG',
    });
  }
}

/** Each colour is what its ink and the black let through, in 255ths. */
function inksToRgb(inks: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((inks.length / 4) * 3);
  for (let i = 0, o = 0; i < inks.length; i += 4) {
    const light = 255 - inks[i + 3]!;
    for (let ink = 0; ink < 3; ink++) {
      rgb[o++] = light - Math.round((inks[i + ink]! * light) / 255);
    }
  }
  return rgb;
}

function notAPicture(bytes: Uint8Array): InputError {
  if (bytes.length === 0) {
    return new InputError('PICTURE_DECODE', 'The picture is empty: 0 bytes', {
      hint: 'a download or copy that failed?',
    });
  }
  const other = sniffOther(bytes);
  if (other === 'a web page (HTML)') {
    return new InputError('PICTURE_DECODE', `Not a picture, but ${other}`, {
      hint: 'save the picture itself, not the page or error that a server sent',
    });
  }
  const head = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0'));
  return new InputError(
    'PICTURE_DECODE',
    other === undefined
      ? `Not a picture that can be read: ${bytes.length} bytes beginning with ${head.join(' ')}`
      : `Not a picture that can be read, but ${other}`,
    { hint: 'PNG, JPEG and WebP are read, told apart by content, whatever the name' },
  );
}

function damaged(format: PictureFormat, cause: unknown): InputError {
  const reason = cause instanceof Error ? cause.message.split('\n', 1)[0]! : String(cause);
  return new InputError('PICTURE_DECODE', `Cannot decode the ${format}: ${reason}`, {
    cause,
    hint: 'the file is damaged or cut short',
  });
}
