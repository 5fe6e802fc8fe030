import { constants, openSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { FileError, MobinetError } from '../errors.ts';
import { checkBytes, modelLimit } from '../file/byte-limit.ts';
import { checkHead } from '../file/safetensors.ts';
import type { Limits } from '../plan/budget.ts';
import { pathOfText } from './path-text.ts';
import { type ReadLimits, readBytes } from './read-bytes.ts';

export interface ReadFileOptions extends ReadLimits {
  readonly signal?: AbortSignal | undefined;
}

/**
 * The bytes of a file, in a buffer of their own (so that they are aligned).
 * @param file a path, a `file:` URL, or one as text
 * @throws FileError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_TOO_LARGE; what `look` throws
 */
export async function readFileBytes(
  file: string | URL,
  { signal, limit = modelLimit(), look }: ReadFileOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const path = pathOf(file);
  const read = (parts: AsyncIterable<Uint8Array>) => readBytes(parts, path, { limit, look });
  try {
    if ((await stat(pathOfText(path))).isFIFO()) return await read(openFifo(path, signal));
    const handle = await open(pathOfText(path));
    try {
      // Of a device or a pipe the size is 0, whatever comes of it.
      checkBytes((await handle.stat()).size, path, limit);
      const stream = handle.createReadStream({ autoClose: false, ...(signal && { signal }) });
      return await read(stream);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof MobinetError) throw cause;
    throw fileError(path, cause);
  }
}

/** The bytes of a model's file, as far as it can be one. */
export function readModelFile(
  file: string | URL,
  { limits, signal }: { limits?: Limits | null | undefined; signal?: AbortSignal | undefined },
): Promise<Uint8Array<ArrayBuffer>> {
  return readFileBytes(file, { signal, limit: modelLimit(limits), look: checkHead });
}

/** What comes through a FIFO. To open one as other files are would hold up one of Node's few threads until somebody writes. */
function openFifo(path: string, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
  const fd = openSync(pathOfText(path), constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false, ...(signal && { signal }) });
}

/**
 * The path that an address stands for; a path as it is.
 * @throws FileError FILE_NOT_FOUND
 */
export function pathOf(file: string | URL): string {
  const isUrl = file instanceof URL || file.startsWith('file:');
  if (!isUrl) return file;
  try {
    // Without a path it would stand for all that there is.
    if (/^file:\/{0,2}$/.test(`${file}`)) throw new TypeError('the address has no path');
    return fileURLToPath(file);
  } catch (cause) {
    throw new FileError('FILE_NOT_FOUND', `Not the address of a file here: ${file}`, {
      cause,
      hint: 'such as file:///home/me/photo.jpg',
    });
  }
}

/** What a failed call of node:fs means for `path`. */
export function fileError(path: string | URL, cause: unknown): FileError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new FileError('FILE_NOT_FOUND', `No such file: ${path}`, { cause });
  if (code === 'EISDIR') {
    return new FileError('FILE_UNREADABLE', `${path} is a folder, not a file`, { cause });
  }
  return new FileError('FILE_UNREADABLE', `Cannot read ${path}`, { cause, hint: message });
}
