import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { FileError } from '../errors.ts';
import { pathOfText } from './path-text.ts';

/**
 * Writes a file.
 * @throws FileError FILE_UNWRITABLE
 */
export async function writeFileTo(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(pathOfText(path), content).catch((cause) => {
    throw unwritable(path, cause);
  });
}

/**
 * Writes a file whole or not at all; to what is no file (a device, a pipe), as it comes.
 * @throws FileError FILE_UNWRITABLE
 */
export async function writeWholeFile(path: string, content: Uint8Array): Promise<void> {
  const found = await stat(pathOfText(path)).catch(() => undefined);
  if (found !== undefined && !found.isFile()) return writeFileTo(path, content);
  // What a link leads to is written, not the link.
  const target = await realpath(pathOfText(path), { encoding: 'buffer' }).catch(() =>
    Buffer.from(pathOfText(path)),
  );
  const partial = Buffer.concat([target, Buffer.from(`.${process.pid}.partial`)]);
  try {
    await writeFile(partial, content);
    await rename(partial, target);
  } catch (cause) {
    await rm(partial, { force: true });
    throw unwritable(path, cause);
  }
}

/** What a failed call of node:fs means for a `path` that is written. */
export function unwritable(path: string, cause: unknown): FileError {
  return new FileError('FILE_UNWRITABLE', `Cannot write ${path}`, { cause, hint: hintOf(cause) });
}

function hintOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'its folder is not there';
    case 'EISDIR':
      return 'it is a folder';
    case 'ENOSPC':
      return 'no space is left there';
    default:
      return message;
  }
}
