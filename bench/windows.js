/**
 * Dense binary convolutions of other networks, one core: bit-multiply-adds a nanosecond, epilogues included, and
 * as parts of those of the pointwise kernel with the same channels and outputs.
 *
 *     npm run build && node bench/windows.js [--rounds 3] [--time 60]
 *
 * Of each the fastest run. Writes bench/results/windows.{json,txt,svg}.
 */

import { parseArgs } from 'node:util';
import { binaryGraph } from './layer-graphs.js';
import { WINDOWS } from './layers.js';
import { logBars } from './picture.js';
import { header, table, writeResults } from './report.js';
import { openStep } from './step.js';
import { timeTasks } from './time-tasks.js';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    time: { type: 'string', default: '60' },
  },
});

/** So few bits of fraction that no sum of a window is too large for int16. */
const INT16 = /** @type {const} */ ({ type: 'int16', fraction: 2 });
const KERNELS = ['binaryPointwiseNibbles', 'binaryConv2dNibbles'];
const KERNELS_INT16 = KERNELS.map((name) => `${name}Int16`);

/** @type {(import('./layers.js').Layer & { milliseconds: number | undefined, rates: Record<string, number> })[]} */
const rows = [];
for (const layer of WINDOWS) {
  const pointwise = { ...layer, kernel: 1, stride: 1, size: layer.size / layer.stride };
  const tasks = new Map([
    ['int16', await openStep(binaryGraph(layer, INT16), 'simd', KERNELS_INT16)],
    ['pointwise int16', await openStep(binaryGraph(pointwise, INT16), 'simd', KERNELS_INT16)],
    ['float32', await openStep(binaryGraph(layer), 'simd', KERNELS)],
    ['pointwise float32', await openStep(binaryGraph(pointwise), 'simd', KERNELS)],
  ]);
  const milliseconds = await timeTasks(tasks, Number(flags.rounds), Number(flags.time), 'fastest');
  const rates = Object.fromEntries(
    [...milliseconds].map(([name, each]) => {
      const taps = name.startsWith('pointwise') ? 1 : layer.kernel ** 2;
      return [name, (layer.bitMacs * taps) / layer.kernel ** 2 / (each * 1e6)];
    }),
  );
  rows.push({ ...layer, milliseconds: milliseconds.get('int16'), rates });
}

const title = 'Dense binary convolutions, zero padding, one thread';
const rate = (/** @type {(typeof rows)[number]} */ { rates }, /** @type {string} */ name) =>
  rates[name] ?? Number.NaN;
const text = [
  header(`${title}: multiply-adds a nanosecond`),
  table(
    ['layer', 'ms', 'int16 stream', 'float32 stream', 'int16 / pointwise', 'float32 / pointwise'],
    rows.map((row) => [
      row.name,
      (row.milliseconds ?? Number.NaN).toFixed(3),
      rate(row, 'int16').toFixed(0),
      rate(row, 'float32').toFixed(0),
      (rate(row, 'int16') / rate(row, 'pointwise int16')).toFixed(2),
      (rate(row, 'float32') / rate(row, 'pointwise float32')).toFixed(2),
    ]),
  ),
].join('\n');
process.stdout.write(text);
writeResults('windows', {
  text,
  json: { rows },
  svg: logBars(
    `${title}: multiply-adds a nanosecond`,
    ['int16', 'pointwise int16', 'float32', 'pointwise float32'],
    rows.map(({ name, rates }) => ({ name, values: rates })),
  ),
});
