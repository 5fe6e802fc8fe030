import type { Sharp } from 'sharp';
import { checkOptions, InputError, invalidOption } from '../errors.ts';
import { checkPictureSize, MAX_PICTURE_PIXELS } from '../image/check-picture.ts';
import type { Picture, Preprocessing } from '../image/picture.ts';
import type { Region } from '../image/view.ts';
import { checkBound } from './check-bound.ts';
import { checkJpegSegments } from './jpeg-segments.ts';
import { PICTURE_FORMATS, type PictureFormat, sniffOther, sniffPicture } from './picture-format.ts';
import { pngFault, pngSize } from './png-chunks.ts';

export interface DecodeOptions {
  /** Pictures of more pixels are refused before memory is taken for them; default 2^28. */
  maxPixels?: number | undefined;
  /**
   * A shorter side, in pixels, that is enough: pictures of more than 2^26 pixels come scaled down to
   * it while they are decoded. Default: none is.
   */
  enough?: number | undefined;
}

/** Eight pixels for one of the network's: what is lost then is a few levels. */
const ENOUGH = 8;

/**
 * A shorter side that is enough for a model; undefined where every pixel is its input.
 * @param region where it sees only a part of the picture
 */
export function enoughFor({ resize }: Preprocessing, region?: Region): number | undefined {
  if (resize.rule === 'none') return undefined;
  const { left = 0, top = 0, right = 1, bottom = 1 } = region ?? {};
  const part = Math.min(right - left, bottom - top);
  // What is no region is found out later.
  return (ENOUGH * Math.max(...[resize.size].flat())) / (part > 0 ? part : 1);
}

/** A picture, and how large the file has it. */
export interface DecodedPicture extends Picture {
  readonly channels: 3 | 4;
  /** In pixels, upright; `width` unless the picture was scaled down. */
  readonly fileWidth: number;
  readonly fileHeight: number;
}

/** Up to here every pixel is decoded: more than phones take. */
const MOST_UNSCALED_PIXELS = 2 ** 26;

/**
 * Pixels of a PNG, JPEG, WebP, AVIF, GIF or TIFF, told apart by content, as docs/pictures.md has
 * them: those of Pillow's `exif_transpose` and `convert('RGB')`, with alpha beside the colours where
 * there is any.
 *
 * @param bytes the file's content
 * @throws InputError PICTURE_DECODE where the bytes are none of these or damaged, PICTURE_SIZE where
 * the picture has too many pixels
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
  options: DecodeOptions = {},
): Promise<DecodedPicture> {
  checkOptions(options);
  const { maxPixels = MAX_PICTURE_PIXELS, enough } = options;
  checkBound('maxPixels', maxPixels);
  checkBound('enough', enough);
  if (!(bytes instanceof Uint8Array)) {
    throw invalidOption('bytes', bytes, 'the content of a file, as Uint8Array');
  }
  const format = sniffPicture(bytes);
  if (format === undefined) throw notAPicture(bytes);
  const sharp = await loadSharp();
  const open = (content: Uint8Array, failOn: 'truncated' | 'warning') =>
    // Limits are checked here, by `checkPictureSize`. As Pillow: less than a missing piece is let pass.
    sharp(content, { limitInputPixels: false, ignoreIcc: true, failOn }).autoOrient();
  try {
    if (format === 'PNG') {
      // Before libpng, which refuses large sizes without a word.
      const { width, height } = pngSize(bytes);
      checkPictureSize(width, height, maxPixels);
    }
    if (format === 'JPEG') checkJpegSegments(bytes);
    return await read(open(bytes, 'truncated'), maxPixels, enough).catch((error) => {
      if (format !== 'JPEG' || !/premature end/.test(String(error))) throw error;
      // Whole but for its end mark, which any other loss would give away by a warning.
      return read(open(withEndOfJpeg(bytes), 'warning'), maxPixels, enough);
    });
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw damaged(bytes, format, cause);
  }
}

async function read(
  picture: Sharp,
  maxPixels: number,
  enough: number | undefined,
): Promise<DecodedPicture> {
  const { autoOrient, space } = await picture.metadata();
  const { width: fileWidth, height: fileHeight } = autoOrient;
  checkPictureSize(fileWidth, fileHeight, maxPixels);
  const inks = space === 'cmyk';
  const pixels = inks
    ? picture.removeAlpha().pipelineColourspace('cmyk').toColourspace('cmyk')
    : picture.toColourspace('srgb');
  const scale = enough === undefined ? 1 : enough / Math.min(fileWidth, fileHeight);
  if (fileWidth * fileHeight > MOST_UNSCALED_PIXELS && scale < 1) {
    const size = { width: Math.ceil(fileWidth * scale), height: Math.ceil(fileHeight * scale) };
    pixels.resize({ ...size, fit: 'fill', kernel: 'cubic' });
  }
  const { data, info } = await pixels.raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const size = { width, height, fileWidth, fileHeight };
  if (inks) return { data: inksToRgb(data), ...size, channels: 3 };
  if (channels !== 3 && channels !== 4) throw new Error(`${channels} channels`);
  return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), ...size, channels };
}

/** The file with the mark that ends a JPEG, of which half may be there. */
function withEndOfJpeg(bytes: Uint8Array): Uint8Array {
  const length = bytes.at(-1) === 0xff ? bytes.length - 1 : bytes.length;
  const whole = new Uint8Array(length + 2);
  whole.set(bytes.subarray(0, length));
  whole.set([0xff, 0xd9], length);
  return whole;
}

/** Loaded only where it is needed: a platform may lack it. */
async function loadSharp(): Promise<typeof import('sharp')['default']> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new InputError('PICTURE_DECODE', 'Cannot load sharp, which reads pictures', {
      cause,
      hint: 'npm install --include=optional sharp, or give decoded pixels',
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

/**
 * Refuses what cannot become a picture, by its beginning: what follows need not be read.
 * @throws InputError PICTURE_DECODE
 */
export function checkPictureHead(head: Uint8Array): void {
  if (sniffPicture(head) === undefined) throw notAPicture(head, 'more than ');
}

function notAPicture(bytes: Uint8Array, atLeast = ''): InputError {
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
      ? `Not a picture that can be read: ${atLeast}${bytes.length} bytes beginning with ${head.join(' ')}`
      : `Not a picture that can be read, but ${other}`,
    { hint: `${READ_FORMATS} are read, told apart by content, whatever the name` },
  );
}

/** Such as 'PNG, JPEG and WebP'. */
const READ_FORMATS = new Intl.ListFormat('en-GB').format(PICTURE_FORMATS);

function damaged(bytes: Uint8Array, format: PictureFormat, cause: unknown): InputError {
  const said = cause instanceof Error ? cause.message.split('\n', 1)[0]! : String(cause);
  if (said.includes('out of memory')) {
    return new InputError('PICTURE_SIZE', `The ${format} takes more memory than there is`, {
      cause,
      hint: 'scale it down first, or set maxPixels',
    });
  }
  // What libvips says of a PNG is that, or nothing.
  const isMute = format === 'PNG' && /libpng read error|corrupt header/.test(said);
  const reason = isMute ? pngFault(bytes) : said;
  return new InputError('PICTURE_DECODE', `Cannot decode the ${format}: ${reason}`, {
    cause,
    hint: 'the file is damaged or cut short',
  });
}
