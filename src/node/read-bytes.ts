import { FileError } from '../errors.ts';
import { type ByteLimit, checkBytes, modelLimit } from '../file/byte-limit.ts';
import { joined } from '../joined.ts';

/** A first part that is enough to tell what a file is. */
const HEAD_BYTES = 512;

/** What is read. */
export interface ReadLimits {
  /** More is refused; default that of a model. */
  readonly limit?: ByteLimit | undefined;
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
  { limit = modelLimit(), look }: ReadLimits = {},
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
    checkBytes(length, name, limit);
    read.push(bytes);
    if (before < HEAD_BYTES && length >= HEAD_BYTES) look?.(joined(Uint8Array, read));
  }
  return joined(Uint8Array, read);
}
