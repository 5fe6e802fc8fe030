import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { FileError, MobinetError } from '../errors.ts';
import { checkFileBytes, readBytes } from './read-bytes.ts';

export interface ReadFileOptions {
  /** A file of more is refused; default 2^30. */
  maxBytes?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * The bytes of a file, in a buffer of their own (so that they are aligned).
 * @param file a path, a `file:` URL, or one as text
 * @throws FileError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_TOO_LARGE
 */
export async function readFileBytes(
  file: string | URL,
  { maxBytes, signal }: ReadFileOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const path = pathOf(file);
  try {
    const handle = await open(path);
    try {
      // Of a device or a pipe the size is 0, whatever comes of it.
      checkFileBytes((await handle.stat()).size, path, maxBytes);
      const stream = handle.createReadStream({ autoClose: false, ...(signal && { signal }) });
      return await readBytes(stream, path, maxBytes);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof MobinetError) throw cause;
    throw fileError(path, cause);
  }
}

function pathOf(file: string | URL): string {
  const isUrl = file instanceof URL || file.startsWith('file:');
  if (!isUrl) return file;
  try {
    return fileURLToPath(file);
  } catch (cause) {
    throw new FileError('FILE_NOT_FOUND', `Not the address of a file here: ${file}`, {
      cause,
      hint: 'as in file:///home/me/photo.jpg',
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
