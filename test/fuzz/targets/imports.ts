/** ONNX and TensorFlow Lite files, damaged. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { MobinetError } from '../../../src/errors.ts';
import { parseModelFile } from '../../../src/file/model-file.ts';
import { convertModel, importModel } from '../../../src/import/convert.ts';
import { onnxModel } from '../../helpers/onnx.ts';
import { mutateBytes, pick } from '../mutate.ts';
import type { Target } from '../target.ts';

const shared = new URL('../../../../shared/data/import/', import.meta.url);

/** Larger ones are mostly weights: damage would seldom hit anything else. */
const MOST_BYTES = 60_000;

const SEEDS: readonly Uint8Array[] = [
  onnxModel({
    nodes: [
      { op: 'Sign', inputs: ['x'], output: 's' },
      { op: 'Conv', inputs: ['s', 'w'], output: 'c', ints: { pads: [1, 1, 1, 1] } },
      { op: 'Relu', inputs: ['c'], output: 'y' },
    ],
    tensors: [{ name: 'w', shape: [2, 3, 3, 3], floats: Array(54).fill(0.5) }],
  }),
  ...['onnx', 'lce']
    .map((folder) => new URL(`${folder}/`, shared))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((file) => /\.(onnx|tflite)$/.test(file))
        .sort()
        .map((file) => Uint8Array.from(readFileSync(new URL(file, folder)))),
    )
    .filter(({ length }) => length <= MOST_BYTES),
];

export const imports: Target = {
  extension: 'import',
  make: (random) => mutateBytes(random, pick(random, SEEDS), 3),
  async check(input) {
    try {
      importModel(input);
      // What can be imported is either written as a file that is read again, or refused.
      const { bytes } = await convertModel(input);
      parseModelFile(Uint8Array.from(bytes));
      return 'taken';
    } catch (error) {
      if (error instanceof MobinetError) return error.code;
      throw error;
    }
  },
};
