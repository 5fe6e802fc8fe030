import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { FileError, ImportError } from '../errors.ts';
import { type ByteLimit, checkBytes, fileLimit } from '../file/byte-limit.ts';
import { type ConversionReport, type ConvertOptions, convertModel } from '../import/convert.ts';
import { fileError, readFileBytes } from './read-file.ts';
import { writeWholeFile } from './write-file.ts';

export interface ConvertFileOptions extends Omit<ConvertOptions, 'readBeside'> {
  /** A file of more bytes is refused, also one beside the model; default 2^30. */
  maxBytes?: number | undefined;
}

/**
 * Converts an ONNX or TensorFlow Lite file to a model file; data in files beside it are read. The result is written
 * whole or not at all.
 *
 * @throws ImportError naming the node, the operation and what could be done; FileError
 * @example
 * ```js
 * import { convertFile } from 'mobinet/node';
 *
 * const report = await convertFile('README.md', 'network.safetensors').catch((error) => error.code);
 * console.log(report);
 * // IMPORT_FORMAT
 * ```
 */
export async function convertFile(
  source: string,
  target: string,
  { maxBytes = 2 ** 30, ...options }: ConvertFileOptions = {},
): Promise<ConversionReport> {
  const limit = fileLimit(maxBytes);
  const bytes = await readFileBytes(source, { limit });
  const { bytes: model, report } = await convertModel(bytes, {
    name: basename(source).replace(/\.[^.]*$/, ''),
    ...options,
    readBeside: (location) => readBeside(dirname(source), location, limit),
  });
  await writeWholeFile(target, model);
  return report;
}

/** A link must not lead out of the folder, either. */
function readBeside(folder: string, location: string, limit: ByteLimit): Uint8Array | undefined {
  let path: string;
  try {
    path = realpathSync(join(folder, location));
  } catch {
    return undefined;
  }
  const root = realpathSync(folder);
  if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new ImportError('IMPORT_DATA', `External data would lie in ${path}`, {
      hint: 'they are read from the folder of the model and those below it only',
    });
  }
  try {
    const found = statSync(path);
    if (!found.isFile()) throw new FileError('FILE_UNREADABLE', `${path} is no file`);
    checkBytes(found.size, path, limit);
    return readFileSync(path);
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw fileError(path, cause);
  }
}
