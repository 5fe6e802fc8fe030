/** Foreign models against what their own frameworks made of them (../shared/data/import). */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openModel } from '../../src/file/model-file.ts';
import { parseGraph } from '../../src/graph/parse.ts';
import { convertModel } from '../../src/import/convert.ts';
import { readNpz } from '../helpers/npz.ts';
import { evaluateGraph } from '../reference/evaluate.ts';

const FOLDER = new URL('../../../shared/data/import/', import.meta.url);

/** Networks: a thousandth of the range; single operations: a ten-thousandth. */
const NETWORKS = /zoo_|quicknet|gtsrb|mini|mnist|int8/;

/** Refused, and what the refusal names. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'bconv_int8.tflite': /QUANTIZE.*int8/,
};

/** Too slow for the oracle; run by the kernels below. */
const LARGE = /zoo_|quicknet/;

const files = ['onnx', 'lce'].flatMap((folder) =>
  existsSync(new URL(folder, FOLDER))
    ? readdirSync(new URL(folder, FOLDER))
        .filter((file) => /\.(onnx|tflite)$/.test(file))
        .map((file) => ({ folder, file }))
    : [],
);

test.skipIf(files.length > 0)('skipped: ../shared/data/import is not there', () => undefined);

for (const { folder, file } of files) {
  test.skipIf(LARGE.test(file))(`${folder}/${file}`, async () => {
    const bytes = new Uint8Array(readFileSync(new URL(`${folder}/${file}`, FOLDER)));
    const refusal = REFUSED[file];
    if (refusal !== undefined) {
      await expect(convertModel(bytes)).rejects.toThrow(refusal);
      return;
    }
    const { bytes: converted, report } = await convertModel(bytes);
    const { metadata, tensors } = openModel(converted);
    const graph = parseGraph(JSON.parse(metadata.get('graph')!), tensors);
    const golden = readNpz(readFileSync(new URL(`${folder}/${file.replace(/\.\w+$/, '.npz')}`, FOLDER)));
    const [x, y] = [golden.get('x')!, golden.get('y')!];
    const nhwc = folder === 'lce';
    const inputSize = x.data.length / x.shape[0]!;
    const outputSize = y.data.length / y.shape[0]!;
    const pictures = Math.min(2, x.shape[0]!);
    for (let picture = 0; picture < pictures; picture++) {
      const input = x.data.subarray(picture * inputSize, (picture + 1) * inputSize);
      const wanted = y.data.subarray(picture * outputSize, (picture + 1) * outputSize);
      const values = evaluateGraph(graph, planar(input, x.shape, nhwc));
      let got: ArrayLike<number> = values.get(graph.output)!;
      if (report.notes.some((note) => note.includes('softmax'))) got = softmax(got);
      compare(got, planar(wanted, y.shape, nhwc), NETWORKS.test(file) ? 1e-3 : 1e-4);
    }
  });
}

/** Channels outermost. */
function planar(data: Float64Array, shape: readonly number[], nhwc: boolean): Float32Array {
  if (!nhwc || shape.length !== 4) return Float32Array.from(data);
  const [, h, w, c] = shape as [number, number, number, number];
  return Float32Array.from(data, (_, at) => data[(at % (h * w)) * c + Math.floor(at / (h * w))]!);
}

function softmax(logits: ArrayLike<number>): Float64Array {
  const most = Array.from(logits).reduce((a, b) => Math.max(a, b));
  const powers = Float64Array.from(logits, (x) => Math.exp(x - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((x) => x / sum);
}

function compare(got: ArrayLike<number>, wanted: Float32Array, tolerance: number): void {
  expect(got.length).toBe(wanted.length);
  const [least, most] = [Math.min(...wanted), Math.max(...wanted)];
  const worst = wanted.reduce((sofar, x, at) => Math.max(sofar, Math.abs(x - got[at]!)), 0);
  expect(worst / (most - least)).toBeLessThan(tolerance);
  const best = (all: ArrayLike<number>) => Array.from(all).reduce((a, x, at) => (x > all[a]! ? at : a), 0);
  // Equal maxima may swap places within the tolerance.
  expect(wanted[best(wanted)]! - wanted[best(got)]!).toBeLessThanOrEqual(tolerance * (most - least));
}
