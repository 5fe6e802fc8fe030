import type { Dirent, Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { isDynamicPattern } from 'tinyglobby';
import { FileError } from '../errors.ts';
import { pathOfText, pathText } from '../node/path-text.ts';
import { pictureLimits, readPictureFile } from '../node/picture-source.ts';
import { type ReadLimits, readBytes } from '../node/read-bytes.ts';
import { fileError, pathOf } from '../node/read-file.ts';
import { matching } from './glob.ts';
import { say } from './output.ts';
import { patiently, STANDARD_INPUT } from './patiently.ts';
import { safeText } from './text.ts';

/** Endings of pictures, also of those that cannot be read: they are reported. */
const ENDINGS = 'png jpg jpeg jpe jfif webp avif gif tif tiff bmp heic heif jxl'.split(' ');

/** Which files of a folder are taken for pictures; what they are is told by their content. */
const PICTURE_NAME = new RegExp(`.\\.(${ENDINGS.join('|')})$`, 'is');

/** Where a folder has none. */
export const NO_PICTURE_HINT = `pictures are found by their endings: ${ENDINGS.join(', ')}`;

/** The names of a folder in natural order (2 before 10), without hidden ones. */
async function entriesOf(folder: string): Promise<{ name: string; entry: Dirent<Buffer> }[]> {
  const entries = await readdir(pathOfText(folder), {
    withFileTypes: true,
    encoding: 'buffer',
  }).catch((cause) => {
    throw fileError(folder, cause);
  });
  const order = new Intl.Collator('en', { numeric: true });
  return entries
    .map((entry) => ({ name: pathText(entry.name), entry }))
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => order.compare(a.name, b.name) || (a.name < b.name ? -1 : 1));
}

/**
 * The folders in a folder, by name, without hidden ones and links.
 * @throws FileError FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function foldersIn(folder: string): Promise<string[]> {
  const entries = await entriesOf(folder);
  return entries
    .filter(({ entry }) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/**
 * Pictures anywhere below a folder, in natural order of their paths. Hidden files and folders, and
 * links to folders, are passed over; FIFOs, sockets and devices too, which is said. A folder that
 * cannot be listed stays, for `readPicture` to say so.
 */
export async function picturesBelow(folder: string): Promise<string[]> {
  const entries = await entriesOf(folder).catch(() => undefined);
  if (entries === undefined) return [folder];
  const lists = entries.map(async ({ name, entry }): Promise<string[]> => {
    const path = join(folder, name);
    if (entry.isDirectory()) return picturesBelow(path);
    const found = entry.isSymbolicLink() ? await statOf(path) : entry;
    const kind = found && specialKind(found);
    if (kind !== undefined) say(`${safeText(path)}: passed over, it is ${kind}`);
    const isPicture = kind === undefined && !found?.isDirectory() && PICTURE_NAME.test(name);
    return isPicture ? [path] : [];
  });
  return (await Promise.all(lists)).flat();
}

/** What is no file, and may have no end. */
function specialKind(found: Stats | Dirent<Buffer>): string | undefined {
  if (found.isFIFO()) return 'a FIFO';
  if (found.isSocket()) return 'a socket';
  return found.isCharacterDevice() || found.isBlockDevice() ? 'a device' : undefined;
}

/**
 * The files that the arguments of a command stand for: a folder for all pictures below it, a glob for
 * what it matches, anything else for itself, whether it exists or not. A folder without pictures
 * stays, for `readPicture` to say so.
 */
export async function expandPaths(paths: readonly string[]): Promise<string[]> {
  const lists = paths.map(async (path): Promise<string[]> => {
    if (path === STANDARD_INPUT) return [path];
    const found = await statOf(path);
    if (found === undefined) {
      const matches = isDynamicPattern(path) ? await matching(path, isAbsolute(path)) : [];
      return matches.length > 0 ? matches : [path];
    }
    if (!found.isDirectory()) return [path];
    const pictures = await picturesBelow(pathOf(path));
    return pictures.length > 0 ? pictures : [path];
  });
  return (await Promise.all(lists)).flat();
}

/**
 * The bytes of one of `expandPaths`.
 * @throws FileError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_TOO_LARGE; InputError PICTURE_DECODE
 */
export async function readPicture(file: string, maxBytes?: number): Promise<Uint8Array> {
  if (file === STANDARD_INPUT) return readStandardInput(pictureLimits(maxBytes));
  if ((await statOf(file))?.isDirectory()) {
    await entriesOf(pathOf(file));
    throw new FileError('FILE_NOT_FOUND', `No picture in the folder ${file}`, {
      hint: NO_PICTURE_HINT,
    });
  }
  return patiently(file, readPictureFile(file, { maxBytes }));
}

/** Of a path, or of the address of a file; undefined where there is nothing. */
async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(pathOfText(pathOf(path)));
  } catch {
    return undefined;
  }
}

const LINE_FEED = 0x0a;
const NUL = 0x00;

/**
 * The paths on standard input, a line each, or, as `find -print0` has them, each with a NUL behind
 * it; empty ones are passed over.
 * @throws FileError FILE_UNREADABLE, FILE_TOO_LARGE
 */
export async function readList(): Promise<string[]> {
  const text = Buffer.from(await readStandardInput({ limit: MOST_LIST }));
  const separator = text.includes(NUL) ? NUL : LINE_FEED;
  const paths: string[] = [];
  for (let begin = 0; begin < text.length; ) {
    const found = text.indexOf(separator, begin);
    const end = found < 0 ? text.length : found;
    const path = pathText(text.subarray(begin, end));
    paths.push(separator === LINE_FEED ? path.replace(/\r$/, '') : path);
    begin = end + 1;
  }
  return paths.filter((path) => path !== '');
}

/** Two million paths. */
const MOST_LIST = { most: 2 ** 28, option: 'nothing' };

async function readStandardInput(limits: ReadLimits): Promise<Uint8Array> {
  try {
    return await patiently(STANDARD_INPUT, readBytes(process.stdin, 'Standard input', limits));
  } catch (cause) {
    // The system's own errors, such as that it is a folder.
    throw cause instanceof Error && 'syscall' in cause ? fileError('standard input', cause) : cause;
  }
}
