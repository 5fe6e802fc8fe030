import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { FileError } from '../errors.ts';

/**
 * The bytes of a file, in a buffer of their own (so that they are aligned).
 * @param file a path, a `file:` URL, or one as text
 * @throws FileError FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function readFileBytes(file: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  const isUrl = file instanceof URL || file.startsWith('file:');
  const path = isUrl ? fileURLToPath(file) : file;
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw fileError(path, cause);
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
