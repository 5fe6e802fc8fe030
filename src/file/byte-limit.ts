import { FileError } from '../errors.ts';

/** How many bytes are read at most: a file or a response may have no end. */
export interface ByteLimit {
  readonly most: number;
  /** What sets it, for the error. */
  readonly option: string;
}

/** What sets a bound of models, for errors: in programs, and on the command line. */
export const limitSetter = (name: string): string => `limits.${name} (--limit ${name}=)`;

/** Of a model: by default 1 GiB, more than any takes that can be used. */
export function modelLimit(limits?: { fileBytes?: number | undefined } | null): ByteLimit {
  return { most: limits?.fileBytes ?? 2 ** 30, option: limitSetter('fileBytes') };
}

/** Of other files: by default four photos of the largest cameras, uncompressed. */
export function fileLimit(most: number = 2 ** 28): ByteLimit {
  return { most, option: 'maxBytes (--max-bytes)' };
}

/** @throws FileError FILE_TOO_LARGE */
export function checkBytes(bytes: number, name: string, { most, option }: ByteLimit): void {
  if (bytes <= most) return;
  throw new FileError('FILE_TOO_LARGE', `${name} has more than ${most} bytes`, {
    hint: `${option} sets the limit`,
  });
}
