/** Pictures that did not go through: the others do. */

import { type ErrorCode, FileError, InputError, MobinetError } from '../errors.ts';
import { safeText } from './text.ts';

export interface PictureFailure {
  readonly file: string;
  readonly error: { readonly code: ErrorCode; readonly message: string };
}

/**
 * What is wrong with a picture, as a result.
 * @throws the error where it is no fault of the picture
 */
export function pictureFailure(file: string, error: unknown): PictureFailure {
  const isOfPicture =
    error instanceof InputError ||
    error instanceof FileError ||
    (error instanceof MobinetError && error.code === 'LOGITS_NOT_FINITE');
  if (!isOfPicture) throw error;
  return { file, error: { code: error.code, message: error.message } };
}

/** Such as `cat.png: No such file: cat.png [FILE_NOT_FOUND]`. */
export function failureText({ file, error }: PictureFailure): string {
  return `${safeText(`${file}: ${error.message}`)} [${error.code}]`;
}
