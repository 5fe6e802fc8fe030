import { join, relative, sep } from 'node:path';
import { FileError, InputError } from '../errors.ts';
import { foldersIn, NO_PICTURE_HINT, picturesBelow } from './picture-files.ts';

/** A picture whose class is known. */
export interface LabelledPicture {
  /** Path to read. */
  readonly path: string;
  /** The same, from the folder of class folders on, with slashes. */
  readonly file: string;
  /** Index of the class. */
  readonly expected: number;
}

const NAMED = 3;

/**
 * The pictures of a folder with a folder a class, in order.
 * @param ids identifier of each class of the model
 * @throws FileError FILE_NOT_FOUND, FILE_UNREADABLE where there is nothing to evaluate on;
 * InputError INVALID_OPTION where the model does not know a class
 */
export async function labelledPictures(
  folder: string,
  ids: readonly string[],
): Promise<LabelledPicture[]> {
  const classes = await foldersIn(folder);
  if (classes.length === 0) {
    throw new FileError('FILE_NOT_FOUND', `No class folders in ${folder}`, {
      hint: `each class has a folder, named by its identifier, such as ${ids[0]}`,
    });
  }
  const indices = new Map(ids.map((id, index) => [id, index]));
  const unknown = classes.filter((name) => !indices.has(name));
  if (unknown.length > 0) {
    const names = unknown.slice(0, NAMED).join(', ') + (unknown.length > NAMED ? ', ...' : '');
    throw new InputError(
      'INVALID_OPTION',
      `The model does not know ${unknown.length} of the ${classes.length} class folders in ` +
        `${folder}: ${names}`,
      {
        hint:
          unknown.length === 1 && classes.length === 1
            ? `its classes are such as ${ids[0]}: is ${join(folder, unknown[0]!)} the folder?`
            : `it has ${ids.length} classes, such as ${ids.slice(0, NAMED).join(', ')}`,
      },
    );
  }
  const lists = classes.map(async (name) =>
    (await picturesBelow(join(folder, name))).map((path) => ({
      path,
      file: relative(folder, path).split(sep).join('/'),
      expected: indices.get(name)!,
    })),
  );
  const pictures = (await Promise.all(lists)).flat();
  if (pictures.length === 0) {
    throw new FileError('FILE_NOT_FOUND', `No picture in the class folders in ${folder}`, {
      hint: NO_PICTURE_HINT,
    });
  }
  return pictures;
}
