import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { FileError } from '../errors.ts';
import { readBytes } from '../node/read-bytes.ts';
import { fileError, readFileBytes } from '../node/read-file.ts';

/** Which files of a folder are taken for pictures; what they are is told by their content. */
const PICTURE_NAME = /^[^.].*\.(png|jpe?g|jpe|jfif|webp)$/is;

/** The name for standard input. */
export const STANDARD_INPUT = '-';

/**
 * Pictures anywhere below a folder, in natural order of their paths (2 before 10).
 * Hidden files and folders, and links to folders, are passed over.
 * @throws FileError FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function picturesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause) => {
    throw fileError(folder, cause);
  });
  const order = new Intl.Collator('en', { numeric: true });
  entries.sort((a, b) => order.compare(a.name, b.name) || (a.name < b.name ? -1 : 1));
  const lists = entries.map(async (entry): Promise<string[]> => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith('.') ? [] : picturesBelow(path);
    return PICTURE_NAME.test(entry.name) ? [path] : [];
  });
  return (await Promise.all(lists)).flat();
}

/**
 * The files that the arguments of a command stand for: a folder for all pictures below it, a glob for
 * what it matches, anything else for itself, whether it exists or not. A folder without pictures stays, for `readPicture` to
 * say so.
 */
export async function expandPaths(paths: readonly string[]): Promise<string[]> {
  const lists = paths.map(async (path): Promise<string[]> => {
    const found = await stat(path).catch(() => undefined);
    if (path === STANDARD_INPUT || found?.isFile()) return [path];
    if (found === undefined) {
      const matches = isDynamicPattern(path) ? await picturesMatching(path) : [];
      return matches.length > 0 ? matches : [path];
    }
    if (!found.isDirectory()) return [path];
    const pictures = await picturesBelow(path);
    return pictures.length > 0 ? pictures : [path];
  });
  return (await Promise.all(lists)).flat();
}

/**
 * The bytes of one of `expandPaths`.
 * @throws FileError FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function readPicture(file: string): Promise<Uint8Array> {
  if (file === STANDARD_INPUT) return readStandardInput();
  if (await isFolder(file)) {
    throw new FileError('FILE_NOT_FOUND', `No picture in the folder ${file}`, {
      hint: 'it is searched for .png, .jpg, .jpeg and .webp',
    });
  }
  return readFileBytes(file);
}

/** What a glob matches, in the order of names. */
async function picturesMatching(pattern: string): Promise<string[]> {
  const files = await glob(pattern, { expandDirectories: false, absolute: isAbsolute(pattern) });
  return files.sort(new Intl.Collator('en', { numeric: true }).compare);
}

/** The paths on standard input, a line each; empty lines are passed over. */
export async function readList(): Promise<string[]> {
  const lines = new TextDecoder().decode(await readStandardInput()).split(/\r?\n/);
  return lines.filter((line) => line !== '');
}

async function isFolder(path: string): Promise<boolean> {
  if (path === STANDARD_INPUT) return false;
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function readStandardInput(): Promise<Uint8Array> {
  return readBytes(process.stdin, 'Standard input');
}
