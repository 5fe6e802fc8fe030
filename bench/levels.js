/**
 * What is more than one binary convolution, one core, packing and epilogues included, float32. Numbers of 2 to 4
 * bits: packed in one pass and read by one convolution, against a sign and a convolution for each
 * threshold, whose sums are added. Several bases of the weights: in one call, which makes its tables once,
 * against a call each.
 *
 *     npm run build && node bench/levels.js [--rounds 3] [--time 60]
 *
 * Of each the fastest run, by processor time. Writes bench/results/levels.{json,txt,svg}.
 */

import { parseArgs } from 'node:util';
import { UNCOMMON } from '../dist/kernels/uncommon.js';
import { basesGraph, levelsGraph } from './layer-graphs.js';
import { WINDOWS } from './layers.js';
import { logBars } from './picture.js';
import { header, table, writeResults } from './report.js';
import { openSteps } from './step.js';
import { timeTasks } from './time-tasks.js';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    time: { type: 'string', default: '60' },
  },
});

/** The families of kernels, none of which adds up several convolutions in one call. */
const APART = {
  ...UNCOMMON,
  binary_conv2d: UNCOMMON.binary_conv2d.map(({ join: _, ...family }) => family),
};

/** All of a graph but the ends, which networks do once. */
async function taskOf(/** @type {ReturnType<typeof levelsGraph>} */ graph, uncommon = UNCOMMON) {
  const steps = await openSteps(graph, 'simd', uncommon);
  const calls = steps.filter(({ kernel }) => !/planar/i.test(kernel)).map(({ call }) => call);
  return () => {
    for (const call of calls) call();
  };
}

/** @type {{ name: string, apart: number, together: number }[]} */
const rows = [];
async function measure(
  /** @type {string} */ name,
  /** @type {() => void} */ one,
  /** @type {() => void} */ other,
) {
  const tasks = new Map([
    ['apart', one],
    ['together', other],
  ]);
  const times = await timeTasks(tasks, Number(flags.rounds), Number(flags.time), 'fastest');
  const of = (/** @type {string} */ task) => times.get(task) ?? Number.NaN;
  rows.push({ name, apart: of('apart'), together: of('together') });
}

for (const layer of WINDOWS.filter(({ kernel, stride }) => kernel === 3 && stride === 1)) {
  for (const bits of [2, 3, 4]) {
    const [signs, levels] = [levelsGraph(layer, bits, true), levelsGraph(layer, bits, false)];
    await measure(`${layer.name}, ${bits} bits`, await taskOf(signs), await taskOf(levels));
  }
  for (const bases of [3, 5]) {
    const graph = basesGraph(layer, bases);
    await measure(`${layer.name}, ${bases} bases`, await taskOf(graph, APART), await taskOf(graph));
  }
}

const title =
  'Convolutions of several bits and of several bases, milliseconds of processor time, the fastest';
const head = header(title);
const body = table(
  ['layer', 'apart', 'together', 'ratio'],
  rows.map(({ name, apart, together }) => [
    name,
    apart.toFixed(3),
    together.toFixed(3),
    `${(apart / together).toFixed(2)}x`,
  ]),
);
console.log(`${head}\n${body}`);
writeResults('levels', {
  text: `${head}\n${body}`,
  json: { rows },
  svg: logBars(
    title,
    ['apart', 'together'],
    rows.map(({ name, apart, together }) => ({ name, values: { apart, together } })),
  ),
});
