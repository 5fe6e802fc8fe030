import { FileError } from '../errors.ts';

/** More than any model takes that can be used: 1 GiB. */
export const MOST_FILE_BYTES = 2 ** 30;

/** A first part that is enough to tell what a file is. */
const HEAD_BYTES = 512;

/** What is read. */
export interface ReadLimits {
  /** More is refused; default 2^30. */
  readonly maxBytes?: number | undefined;
  /** Told the beginning once; throws where it is not worth to read on. */
  readonly look?: ((head: Uint8Array) => void) | undefined;
}

/**
 * All that comes, up to a limit: standard input and devices may have no end.
 * @param name of what is read, for the error
 * @throws FileError FILE_TOO_LARGE; what `parts` and `look` throw
 */
export async function readBytes(
  parts: AsyncIterable<Uint8Array | string>,
  name: string,
  { maxBytes = MOST_FILE_BYTES, look }: ReadLimits = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const read: Uint8Array[] = [];
  let length = 0;
  for await (const part of parts) {
    const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : part;
    if (!(bytes instanceof Uint8Array)) {
      throw new FileError('FILE_UNREADABLE', `${name} gives ${typeof part}, not bytes`);
    }
    const before = length;
    length += bytes.length;
    checkFileBytes(length, name, maxBytes);
    read.push(bytes);
    if (before < HEAD_BYTES && length >= HEAD_BYTES) look?.(joined(read, length));
  }
  return joined(read, length);
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

/** @throws FileError FILE_TOO_LARGE */
export function checkFileBytes(bytes: number, name: string, maxBytes = MOST_FILE_BYTES): void {
  if (bytes <= maxBytes) return;
  throw new FileError('FILE_TOO_LARGE', `${name} has more than ${maxBytes} bytes`, {
    hint: 'is it the right file, and does it end? `maxBytes` sets the limit',
  });
}
