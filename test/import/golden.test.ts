/**
 * Foreign models against what their own frameworks made of them (../shared/data/import): by the
 * reference first, which shows whether they are read rightly, then by the kernels.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { importModel } from '../../src/import/convert.ts';
import { readNpz } from '../helpers/npz.ts';
import { runGraph } from '../helpers/run.ts';
import { evaluateGraph } from '../reference/evaluate.ts';

const FOLDER = new URL('../../../shared/data/import/', import.meta.url);

/** Largest difference, relative to the range of the golden: of a layer or two, and of networks. */
const TOLERANCE = { layers: 1e-4, network: 1e-3 };

const NETWORK = /^(quicknet|zoo|gtsrb|larq_mnist|bireal_mini)/;

/**
 * One number before a sign lies within rounding of zero, and the two frameworks round differently:
 * Keras's golden (`keras`) is as ours; LCE's (`y`) is what comes of the other sign.
 */
const TIED = 'quicknet_64_10_logits.tflite';

/** What counts as within rounding of zero; the numbers are of the order of 1. */
const ROUNDING = 1e-5;

/** Its exporter has dropped the signs of the activations: no golden, but a warning. */
const SIGNLESS = 'binarynet_data.legacy.onnx';

const files = ['onnx', 'lce'].flatMap((folder) =>
  existsSync(new URL(folder, FOLDER))
    ? readdirSync(new URL(folder, FOLDER))
        .filter((file) => /\.(onnx|tflite)$/.test(file))
        .map((file) => ({ folder, file }))
    : [],
);

test.skipIf(files.length > 0)('skipped: ../shared/data/import is not there', () => undefined);

for (const { folder, file } of files) {
  test(`${folder}/${file}`, { timeout: 120_000 }, async () => {
    const bytes = new Uint8Array(readFileSync(new URL(`${folder}/${file}`, FOLDER)));
    const { graph, report } = importModel(bytes);
    if (file === SIGNLESS) {
      expect(report.warnings.join()).toContain('no sign comes before them');
      return;
    }
    const golden = readNpz(
      readFileSync(new URL(`${folder}/${file.replace(/\.\w+$/, '.npz')}`, FOLDER)),
    );
    const [x, y] = [golden.get('x')!, golden.get(file === TIED ? 'keras' : 'y')!];
    const inputSize = x.data.length / x.shape[0]!;
    const outputSize = y.data.length / y.shape[0]!;
    const tolerance = NETWORK.test(file) ? TOLERANCE.network : TOLERANCE.layers;
    const isLast = folder === 'lce';
    const isSoftmax = report.notes.join().includes('softmax at the end is left out');
    const pictures = Math.min(2, x.shape[0]!);
    for (let picture = 0; picture < pictures; picture++) {
      const cut = (data: ArrayLike<number>, size: number, shape: readonly number[]) => {
        const part = Array.prototype.slice.call(data, picture * size, (picture + 1) * size);
        return isLast ? channelsFirst(part, shape) : Float32Array.from(part);
      };
      const input = cut(x.data, inputSize, x.shape);
      const wanted = cut(y.data, outputSize, y.shape);
      const check = (got: ArrayLike<number>) =>
        compare(isSoftmax ? softmax(got) : got, wanted, tolerance);
      // The reference takes a minute for a picture of 224 x 224.
      if (picture === 0 && input.length < 20_000)
        check(evaluateGraph(graph, input).get(graph.output)!);
      check(await runGraph(graph, 'simd', input));
      if (picture === 0) check(await runGraph(graph, 'plain', input));
    }
  });
}

test.skipIf(!files.some(({ file }) => file === TIED))(
  `${TIED} differs from LCE in one sign, of a number within rounding of zero`,
  { timeout: 120_000 },
  () => {
    const url = new URL(`lce/${TIED}`, FOLDER);
    const { graph } = importModel(new Uint8Array(readFileSync(url)));
    const golden = readNpz(readFileSync(new URL(url.href.replace('.tflite', '.npz'))));
    const [x, y] = [golden.get('x')!, golden.get('y')!];
    const first = (data: ArrayLike<number>, size: number) =>
      Array.prototype.slice.call(data, 0, size / x.shape[0]!);
    const input = channelsFirst(first(x.data, x.data.length), x.shape);
    const wanted = Float32Array.from(first(y.data, y.data.length));
    const values = evaluateGraph(graph, input);
    const ties = graph.nodes.flatMap((node) => {
      if (node.op !== 'sign') return [];
      const map = values.get(node.inputs[0]!)!;
      return Array.from(map.keys())
        .filter((at) => Math.abs(map[at]!) < ROUNDING)
        .map((at) => ({ node, at, value: map[at]!, size: map.length }));
    });
    expect(ties).toHaveLength(1);
    const { node, at, value, size } = ties[0]!;
    const channels = graph.shapes.get(node.name)![0]!;
    // A threshold just on its other side, in its channel.
    const threshold = new Float32Array(channels).fill(node.threshold![0]!);
    threshold[Math.floor(at / (size / channels))] = value > 0 ? value : 2 * value;
    const nodes = graph.nodes.map((each) => (each === node ? { ...node, threshold } : each));
    compare(
      evaluateGraph({ ...graph, nodes }, input).get(graph.output)!,
      wanted,
      TOLERANCE.network,
    );
  },
);

/** `[1, height, width, channels]` to `[channels, height, width]`. */
function channelsFirst(data: readonly number[], shape: readonly number[]): Float32Array {
  if (shape.length !== 4) return Float32Array.from(data);
  const channels = shape[3]!;
  const pixels = data.length / channels;
  return Float32Array.from(
    data,
    (_, at) => data[(at % pixels) * channels + Math.floor(at / pixels)]!,
  );
}

function softmax(logits: ArrayLike<number>): number[] {
  const all = Array.from(logits);
  const most = Math.max(...all);
  const powers = all.map((x) => Math.exp(x - most));
  const sum = powers.reduce((total, power) => total + power);
  return powers.map((power) => power / sum);
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
