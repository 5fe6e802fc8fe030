import { FileError } from '../errors.ts';
import { readFileBytes } from './read-file.ts';

/**
 * A file that comes with the package. Bundlers of Node scripts leave it behind, or give it an address
 * that is none in Node.
 * @throws FileError FILE_NOT_FOUND
 */
export async function readPackageFile(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readFileBytes(url);
  } catch (cause) {
    throw new FileError('FILE_NOT_FOUND', `A file of mobinet is not there: ${url}`, {
      cause,
      hint: 'tell the bundler that mobinet is external (serverExternalPackages in Next.js, --external:mobinet in esbuild), or hand in the model and `wasm`, the folder of the kernels',
    });
  }
}
