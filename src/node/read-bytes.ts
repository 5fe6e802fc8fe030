import { FileError } from '../errors.ts';

/** More than any picture or model takes that can be used: 1 GiB. */
export const MOST_FILE_BYTES = 2 ** 30;

/**
 * All that comes, up to a limit: standard input and devices may have no end.
 * @param name of what is read, for the error
 * @throws FileError FILE_TOO_LARGE; what `parts` throws
 */
export async function readBytes(
  parts: AsyncIterable<Uint8Array | string>,
  name: string,
  maxBytes = MOST_FILE_BYTES,
): Promise<Uint8Array<ArrayBuffer>> {
  const read: Uint8Array[] = [];
  let length = 0;
  for await (const part of parts) {
    const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : part;
    length += bytes.length;
    checkFileBytes(length, name, maxBytes);
    read.push(bytes);
  }
  const all = new Uint8Array(length);
  let offset = 0;
  for (const part of read) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

/** @throws FileError FILE_TOO_LARGE */
export function checkFileBytes(bytes: number, name: string, maxBytes = MOST_FILE_BYTES): void {
  if (bytes <= maxBytes) return;
  throw new FileError('FILE_TOO_LARGE', `${name} has more than ${maxBytes} bytes`, {
    hint: 'is it the right file, and does it end?',
  });
}
