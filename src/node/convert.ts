import { readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { ImportError } from '../errors.ts';
import { type ConversionReport, type ConvertOptions, convertModel } from '../import/convert.ts';
import { fileError, readFileBytes } from './read-file.ts';
import { writeWholeFile } from './write-file.ts';

export type ConvertFileOptions = Omit<ConvertOptions, 'readBeside'>;

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
  options: ConvertFileOptions = {},
): Promise<ConversionReport> {
  const bytes = await readFileBytes(source);
  const { bytes: model, report } = await convertModel(bytes, {
    name: basename(source).replace(/\.[^.]*$/, ''),
    ...options,
    readBeside: (location) => readBeside(dirname(source), location),
  });
  await writeWholeFile(target, model);
  return report;
}

/** A link must not lead out of the folder, either. */
function readBeside(folder: string, location: string): Uint8Array | undefined {
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
    return readFileSync(path);
  } catch (cause) {
    throw fileError(path, cause);
  }
}
