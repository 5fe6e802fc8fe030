import { rename, rm, writeFile } from 'node:fs/promises';
import { fileError } from './read-file.ts';

/** Writes a file whole or not at all. @throws FileError */
export async function writeWhole(target: string, bytes: Uint8Array): Promise<void> {
  const partial = `${target}.${process.pid}.partial`;
  try {
    await writeFile(partial, bytes);
    await rename(partial, target);
  } catch (cause) {
    await rm(partial, { force: true });
    throw fileError(target, cause);
  }
}
