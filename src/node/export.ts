import { graphToOnnx } from '../export/onnx.ts';
import { parseModelFile, verifyDigest } from '../file/model-file.ts';
import type { LoadOptions } from '../model.ts';
import { readModelFile } from './read-file.ts';
import { writeWholeFile } from './write-file.ts';

/**
 * Writes a model file as an ONNX model, opset 17, with `Sign` and float weights of +-alpha: what other
 * runtimes can run, and `convertFile` makes bits of again. Feature maps are float32; labels and preprocessing stay
 * behind. The result is written whole or not at all.
 *
 * @returns bytes of the ONNX model
 * @throws ModelFormatError, GraphError; FileError
 * @example
 * ```js
 * import { exportFile } from 'mobinet/node';
 *
 * const bytes = await exportFile('README.md', 'network.onnx').catch((error) => error.code);
 * console.log(bytes);
 * // NOT_A_MODEL
 * ```
 */
export async function exportFile(
  source: string,
  target: string,
  { limits }: Pick<LoadOptions, 'limits'> = {},
): Promise<number> {
  const bytes = await readModelFile(source, { limits });
  await verifyDigest(bytes);
  const { graph, name } = parseModelFile(bytes);
  const onnx = graphToOnnx(graph, name);
  await writeWholeFile(target, onnx);
  return onnx.length;
}
