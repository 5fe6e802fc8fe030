import { InputError, MobinetError, RuntimeError } from '../errors.ts';
import { fileLimit } from '../file/byte-limit.ts';
import type { Picture } from '../image/picture.ts';
import { checkPictureHead } from './decode.ts';
import { type ReadLimits, readBytes } from './read-bytes.ts';
import { readFileBytes } from './read-file.ts';

/**
 * A picture as Node has it: decoded, or the content of a file that `decodePicture` reads, by path,
 * `file:`, `http:`, `https:` or `data:` address, as bytes, a Blob or File, a Response, or a stream.
 */
export type PictureSource =
  | Picture
  | string
  | URL
  | ArrayBuffer
  | SharedArrayBuffer
  | ArrayBufferView
  | Blob
  | Response
  | AsyncIterable<Uint8Array>;

/** How a picture is read. */
export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  /** Of a file, a response or a stream; default 2^28. */
  readonly maxBytes?: number | undefined;
}

const FETCHED = /^(https?|data|blob):/i;

/**
 * The content of a picture's file, or the picture where it is decoded already.
 * @throws FileError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_TOO_LARGE; InputError PICTURE_FETCH,
 * PICTURE_DECODE where it is none; RuntimeError ABORTED
 */
export async function openPicture(
  source: PictureSource,
  options: OpenOptions,
): Promise<Picture | Uint8Array> {
  const { signal } = options;
  throwIfAborted(signal);
  try {
    return await contentOf(source, options);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}

async function contentOf(
  source: PictureSource,
  options: OpenOptions,
): Promise<Picture | Uint8Array> {
  if (typeof source === 'string' || source instanceof URL) {
    return FETCHED.test(String(source))
      ? fetched(source, options)
      : readPictureFile(source, options);
  }
  if (source instanceof Uint8Array) return source;
  if (ArrayBuffer.isView(source)) {
    return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  }
  // By their class's name: they may come from another realm, as in tests and vm contexts.
  switch (Object.prototype.toString.call(source).slice(8, -1)) {
    case 'ArrayBuffer':
      return new Uint8Array(source as ArrayBuffer);
    case 'SharedArrayBuffer':
      // A copy: decoders take no shared memory.
      return Uint8Array.from(new Uint8Array(source as SharedArrayBuffer));
    case 'Blob':
    case 'File':
      return streamed(chunksOf((source as Blob).stream()), 'The Blob', options);
    case 'Response':
      return bodyOf(source as Response, options);
  }
  if (typeof source === 'object' && source !== null) {
    if (Symbol.asyncIterator in source) return streamed(source, 'The stream', options);
    const { data } = source as Picture;
    if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) return source as Picture;
  }
  const kind = Object.prototype.toString.call(source).slice(8, -1);
  throw new InputError('PICTURE_DECODE', `Cannot read a picture from ${kind}`, {
    hint: 'pass a path, an address, bytes, a Blob, a Response, a stream, or { data, width, height } of 8 bits',
  });
}

/** What is read of a picture's file: as far as it can be one. */
export function pictureLimits(maxBytes: number | undefined): ReadLimits {
  return { limit: fileLimit(maxBytes), look: checkPictureHead };
}

/** The bytes of a picture's file, as far as it can be one. */
export function readPictureFile(
  file: string | URL,
  { signal, maxBytes }: OpenOptions = {},
): Promise<Uint8Array> {
  return readFileBytes(file, { signal, ...pictureLimits(maxBytes) });
}

async function fetched(source: string | URL, options: OpenOptions): Promise<Uint8Array> {
  const { signal } = options;
  const response = await fetch(source, signal ? { signal } : undefined).catch((cause) => {
    throw notFetched(shortened(source), cause);
  });
  return bodyOf(response, options);
}

async function bodyOf(response: Response, options: OpenOptions): Promise<Uint8Array> {
  const from = shortened(response.url || 'the response');
  if (!response.ok) throw notFetched(from, `HTTP ${response.status}`);
  if (response.bodyUsed) throw notFetched(from, 'its body has been read already');
  return response.body === null
    ? new Uint8Array()
    : streamed(chunksOf(response.body), from, options);
}

/** Node's streams are iterable; the types of the DOM, which a compiler may take, do not say so. */
function chunksOf(stream: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  return stream as unknown as AsyncIterable<Uint8Array>;
}

async function streamed(
  parts: AsyncIterable<Uint8Array>,
  name: string,
  { signal, maxBytes }: OpenOptions,
): Promise<Uint8Array> {
  const reading = readBytes(parts, name, pictureLimits(maxBytes)).catch((cause) => {
    throw cause instanceof MobinetError ? cause : notFetched(name, cause);
  });
  if (signal === undefined) return reading;
  // A stream that nothing comes from is left, too.
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
  });
  signal.addEventListener('abort', abort, { once: true });
  return Promise.race([reading, aborted]).finally(() => signal.removeEventListener('abort', abort));
}

/** `data:` addresses are as long as pictures. */
function shortened(address: string | URL): string {
  const text = String(address);
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}

function notFetched(from: string, cause: unknown): InputError {
  const hint = cause instanceof Error ? cause.message : String(cause);
  return new InputError('PICTURE_FETCH', `Cannot fetch the picture from ${from}`, { hint, cause });
}

/** @throws RuntimeError ABORTED */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new RuntimeError('ABORTED', 'The request was aborted', { cause: signal.reason });
}
