/** Foreign models against what their own frameworks made of them (../shared/data/import). */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { importModel } from '../../src/import/convert.ts';
import { readNpz } from '../helpers/npz.ts';
import { evaluateGraph } from '../reference/evaluate.ts';

const FOLDER = new URL('../../../shared/data/import/', import.meta.url);

/** Largest difference, relative to the range of the golden. */
const TOLERANCE = 1e-4;

/** Refused, and what the refusal names. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'xnor_K.dynamo.onnx': /^Mul node_mul: .* no such operation/,
};

/** Its exporter has dropped the signs of the activations: no golden, but a warning. */
const SIGNLESS = 'binarynet_data.legacy.onnx';

const files = ['onnx'].flatMap((folder) =>
  existsSync(new URL(folder, FOLDER))
    ? readdirSync(new URL(folder, FOLDER))
        .filter((file) => /\.onnx$/.test(file))
        .map((file) => ({ folder, file }))
    : [],
);

test.skipIf(files.length > 0)('skipped: ../shared/data/import is not there', () => undefined);

for (const { folder, file } of files) {
  test(`${folder}/${file}`, () => {
    const bytes = new Uint8Array(readFileSync(new URL(`${folder}/${file}`, FOLDER)));
    const refusal = REFUSED[file];
    if (refusal !== undefined) {
      expect(() => importModel(bytes)).toThrow(refusal);
      return;
    }
    const { graph, report } = importModel(bytes);
    if (file === SIGNLESS) {
      expect(report.warnings.join()).toContain('no sign comes before them');
      return;
    }
    const golden = readNpz(
      readFileSync(new URL(`${folder}/${file.replace(/\.\w+$/, '.npz')}`, FOLDER)),
    );
    const [x, y] = [golden.get('x')!, golden.get('y')!];
    const inputSize = x.data.length / x.shape[0]!;
    const outputSize = y.data.length / y.shape[0]!;
    const pictures = Math.min(2, x.shape[0]!);
    for (let picture = 0; picture < pictures; picture++) {
      const input = x.data.subarray(picture * inputSize, (picture + 1) * inputSize);
      const wanted = y.data.subarray(picture * outputSize, (picture + 1) * outputSize);
      const values = evaluateGraph(graph, Float32Array.from(input));
      compare(values.get(graph.output)!, Float32Array.from(wanted), TOLERANCE);
    }
  });
}

function compare(got: ArrayLike<number>, wanted: Float32Array, tolerance: number): void {
  expect(got.length).toBe(wanted.length);
  const [least, most] = [Math.min(...wanted), Math.max(...wanted)];
  const worst = wanted.reduce((sofar, x, at) => Math.max(sofar, Math.abs(x - got[at]!)), 0);
  expect(worst / (most - least)).toBeLessThan(tolerance);
  const best = (all: ArrayLike<number>) =>
    Array.from(all).reduce((a, x, at) => (x > all[a]! ? at : a), 0);
  // Equal maxima may swap places within the tolerance.
  expect(wanted[best(wanted)]! - wanted[best(got)]!).toBeLessThanOrEqual(
    tolerance * (most - least),
  );
}
