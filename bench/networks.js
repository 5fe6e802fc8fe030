/**
 * Whole networks in this runtime, on one thread but for one row: MoBiNet's blocks, K, widths and sizes,
 * and float MobileNet v1 by the same kernels, in rounds in which all take their turn. Streams of MoBiNet
 * are int16 but for one row. Random weights; the last lines show that trained ones cost the same.
 *
 *     npm run build && node bench/networks.js [--rounds 5] [--runs 10]
 *
 * Writes bench/results/networks.{json,txt,svg}.
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseModelFile } from '../dist/file/model-file.js';
import { UNCOMMON } from '../dist/kernels/uncommon.js';
import { mobileNetV1 } from '../dist/networks/mobilenet-v1.js';
import { mobinet } from '../dist/networks/mobinet.js';
import { openThreadPool } from '../dist/node/thread-pool.js';
import { planGraph } from '../dist/plan/plan.js';
import { createEngine } from '../dist/runtime/engine.js';
import { chooseBuild, probeFeatures } from '../dist/runtime/features.js';
import { logBars } from './picture.js';
import { header, median, table, writeResults } from './report.js';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    runs: { type: 'string', default: '10' },
  },
});

/** @typedef {import('../dist/graph/graph.js').Graph} Graph */

const build = chooseBuild(probeFeatures(), 'auto');
const compile = (/** @type {string} */ name) =>
  new WebAssembly.Module(readFileSync(new URL(`../dist/mobinet.${name}.wasm`, import.meta.url)));
const module = compile(build);
const threadsModule = compile(`${build}-threads`);

const stream = /** @type {const} */ ({ type: 'int16', fraction: 9 });
const full = { width: 1, size: 224, classes: 1000, stream, headBits: /** @type {const} */ (8) };
const float = { width: 1, size: 224, classes: 1000 };
const model = new URL('../models/mobinet-mid-k3-w50-64.safetensors', import.meta.url);
const shipped = parseModelFile(Uint8Array.from(readFileSync(model))).graph;

const MID = 'mid K=3 w1 224';
const FLOAT32 = `${MID}, float32 stream`;
const MID_ON_TWO = `${MID}, 2 threads`;

/** @type {[name: string, make: () => Graph, threads?: number][]} */
const networks = [
  ...[0, 1, 2, 3, 4].map(
    (k) =>
      /** @type {[string, () => Graph]} */ ([
        `mid K=${k} w1 224`,
        () => mobinet({ block: 'mid', k, ...full }),
      ]),
  ),
  [FLOAT32, () => mobinet({ block: 'mid', k: 3, ...full, stream: undefined })],
  [MID_ON_TWO, () => mobinet({ block: 'mid', k: 3, ...full }), 2],
  ['pre K=3 w1 224', () => mobinet({ block: 'pre', k: 3, ...full })],
  ['post K=3 w1 224', () => mobinet({ block: 'post', k: 3, ...full })],
  ['mid K=3 w0.5 224', () => mobinet({ block: 'mid', k: 3, ...full, width: 0.5 })],
  ['mid K=3 w0.25 224', () => mobinet({ block: 'mid', k: 3, ...full, width: 0.25 })],
  ['mid K=3 w1 64', () => mobinet({ block: 'mid', k: 3, ...full, size: 64, classes: 200 })],
  ['float v1 w1 224', () => mobileNetV1(float)],
  ['float v1 w0.5 224', () => mobileNetV1({ ...float, width: 0.5 })],
  ['float v1 w1 64', () => mobileNetV1({ ...float, size: 64, classes: 200 })],
  [
    'mid K=3 w0.5 64, random',
    () =>
      mobinet({ block: 'mid', k: 3, width: 0.5, size: 64, classes: 200, stream: shipped.stream }),
  ],
  ['mid K=3 w0.5 64, trained', () => shipped],
];

const now = () => performance.now();
const entries = [];
for (const [name, make, threads = 1] of networks) {
  const graph = make();
  const begin = now();
  const plan = planGraph(graph, build, threads, {}, UNCOMMON);
  const planned = now();
  const engine =
    threads === 1
      ? await createEngine(plan, module)
      : await openThreadPool(plan, threadsModule, undefined);
  const input = Float32Array.from({ length: plan.input.length }, () => Math.random() * 4 - 2);
  const created = now();
  engine.run(input);
  const first = now() - created;
  /** @type {number[]} */
  const times = [];
  entries.push({ name, plan, engine, input, load: planned - begin, first, times });
}
for (let round = 0; round <= Number(flags.rounds); round++) {
  for (const { engine, input, times } of entries) {
    for (let run = 0; run < Number(flags.runs); run++) {
      const begin = now();
      engine.run(input);
      // The first round only warms up.
      if (round > 0) times.push(now() - begin);
    }
  }
  process.stderr.write(`\rround ${round} of ${flags.rounds}`);
}
process.stderr.write('\n');

const rows = entries.map(({ name, plan, engine, load, first, times }) => {
  const sorted = [...times].sort((a, b) => a - b);
  return {
    name,
    median: median(sorted),
    quartiles: [
      sorted[sorted.length >> 2] ?? Number.NaN,
      sorted[(sorted.length * 3) >> 2] ?? Number.NaN,
    ],
    first,
    plan: load,
    memoryMegabytes: engine.memoryBytes / 1e6,
    weightMegabytes: plan.constantBytes / 1e6,
  };
});
const medianOf = (/** @type {string} */ name) =>
  rows.find((row) => row.name === name)?.median ?? Number.NaN;
const binary = medianOf(MID);
const lines = rows.map((row) => [
  row.name,
  row.median.toFixed(2),
  row.quartiles.map((x) => x.toFixed(2)).join('-'),
  row.first.toFixed(1),
  row.plan.toFixed(0),
  row.memoryMegabytes.toFixed(1),
  (row.median / binary).toFixed(2),
]);
const title = `Whole networks, build ${build}, one thread where no other number is said`;
const text = [
  header(`${title}: milliseconds`),
  table(['network', 'median', 'quartiles', 'first run', 'plan', 'MB', '/ mid K=3 w1 224'], lines),
  `Float MobileNet v1 against MoBiNet-Mid K = 3, both here at 224: ${(medianOf('float v1 w1 224') / binary).toFixed(2)}x`,
  `A float32 stream against int16: ${(medianOf(FLOAT32) / binary).toFixed(2)}x`,
  `Two threads against one, MoBiNet-Mid K = 3 at 224: ${(binary / medianOf(MID_ON_TWO)).toFixed(2)}x`,
  `Trained weights against random ones: ${(medianOf('mid K=3 w0.5 64, trained') / medianOf('mid K=3 w0.5 64, random')).toFixed(2)}x`,
  '',
].join('\n');
process.stdout.write(text);
writeResults('networks', {
  text,
  json: { build, rows },
  svg: logBars(
    `${title}: milliseconds`,
    ['median'],
    rows.map((row) => ({ name: row.name, values: { median: row.median } })),
  ),
});
