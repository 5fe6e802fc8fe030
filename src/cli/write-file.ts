import { writeFile } from 'node:fs/promises';
import { FileError } from '../errors.ts';

/** @throws FileError FILE_UNWRITABLE */
export async function writeTextFile(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((cause: NodeJS.ErrnoException) => {
    throw new FileError('FILE_UNWRITABLE', `Cannot write ${path}`, { cause, hint: hintOf(cause) });
  });
}

function hintOf({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
      return 'its folder is not there';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return message;
  }
}
