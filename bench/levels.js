/**
 * Convolutions of numbers of 2 to 4 bits, one core: packed in one pass and read by one convolution, against a
 * sign and a convolution for each threshold, whose sums are added. Packing and epilogues included, float32.
 *
 *     npm run build && node bench/levels.js [--rounds 3] [--time 60]
 *
 * Of each the fastest run. Writes bench/results/levels.{json,txt,svg}.
 */

import { parseArgs } from 'node:util';
import { levelsGraph } from './layer-graphs.js';
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

/** All of a graph but the ends, which networks do once. */
async function taskOf(/** @type {ReturnType<typeof levelsGraph>} */ graph) {
  const steps = await openSteps(graph, 'simd');
  const calls = steps.filter(({ kernel }) => !/planar/i.test(kernel)).map(({ call }) => call);
  return () => {
    for (const call of calls) call();
  };
}

const layers = WINDOWS.filter(({ kernel, stride }) => kernel === 3 && stride === 1);
/** @type {{ name: string, signs: number, levels: number }[]} */
const rows = [];
for (const layer of layers) {
  for (const bits of [2, 3, 4]) {
    const tasks = new Map([
      ['signs', await taskOf(levelsGraph(layer, bits, true))],
      ['levels', await taskOf(levelsGraph(layer, bits, false))],
    ]);
    const times = await timeTasks(tasks, Number(flags.rounds), Number(flags.time), 'fastest');
    const [signs, levels] = [times.get('signs') ?? Number.NaN, times.get('levels') ?? Number.NaN];
    rows.push({ name: `${layer.name}, ${bits} bits`, signs, levels });
  }
}

const title = 'Convolutions of numbers of 2 to 4 bits, milliseconds, one core';
const head = header(title);
const body = table(
  ['layer', 'signs', 'levels', 'ratio'],
  rows.map(({ name, signs, levels }) => [
    name,
    signs.toFixed(3),
    levels.toFixed(3),
    `${(signs / levels).toFixed(2)}x`,
  ]),
);
console.log(`${head}\n${body}`);
writeResults('levels', {
  text: `${head}\n${body}`,
  json: { rows },
  svg: logBars(
    title,
    ['signs', 'levels'],
    rows.map(({ name, signs, levels }) => ({ name, values: { signs, levels } })),
  ),
});
