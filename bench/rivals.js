/**
 * The networks of src/networks at 224 x 224, beside float ResNet-18 in onnxruntime-web and beside Larq
 * Compute Engine's interpreter, each on one thread, in rounds in which all take their turn: processor time,
 * which a busy machine changes least. Random weights, streams of float32.
 *
 *     npm run build && LCE_PYTHON=.venv/bin/python node bench/rivals.js [--rounds 10] [--larq quicknet]
 *
 * Without LCE_PYTHON, a Python with larq_compute_engine and larq_zoo, its column is empty. --larq: which networks
 * it runs. --models: a folder where its models are kept. Writes bench/results/rivals.{json,txt,svg}.
 */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { graphToOnnx } from '../dist/export/onnx.js';
import { parseGraph } from '../dist/graph/parse.js';
import { UNCOMMON } from '../dist/kernels/uncommon.js';
import { NETWORKS } from '../dist/networks/index.js';
import { batchNorm, convolution, relu, sum } from '../dist/networks/layers.js';
import { resNet18, shortcut } from '../dist/networks/resnet18.js';
import { planGraph } from '../dist/plan/plan.js';
import { createEngine } from '../dist/runtime/engine.js';
import { chooseBuild, probeFeatures } from '../dist/runtime/features.js';
import { logBars } from './picture.js';
import { header, table, writeResults } from './report.js';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    larq: { type: 'string', default: 'bireal18,quicknet,reactnet-a,real-to-binary' },
    models: { type: 'string', default: join(tmpdir(), 'mobinet-rivals') },
  },
});

const OURS = /** @type {const} */ (['bireal18', 'quicknet', 'real-to-binary', 'reactnet-a']);
const IN_LARQ = flags.larq.split(',');
const FLOAT = 'float ResNet-18, onnxruntime-web';
const SIZE = { width: 1, size: 224, classes: 1000 };

/** @typedef {() => Promise<number>} Timed milliseconds of one run */

/** @returns {Promise<number>} milliseconds of processor time */
async function processorTime(/** @type {() => unknown} */ run) {
  const begin = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
}

/** @type {import('../dist/networks/resnet18.js').Block} */
const floatBlock = (writer, name, input, { outChannels, stride }) => {
  const convolve = (
    /** @type {string} */ at,
    /** @type {typeof input} */ value,
    /** @type {number} */ step,
  ) => {
    const shape = { outChannels, kernel: 3, stride: step };
    return batchNorm(writer, `${at}.norm`, convolution(writer, at, value, shape, 6));
  };
  const inner = relu(writer, `${name}.0.relu`, convolve(`${name}.0`, input, stride));
  const outer = convolve(`${name}.1`, inner, 1);
  const skip = shortcut(writer, `${name}.shortcut`, input, { outChannels, stride });
  return relu(writer, `${name}.relu`, sum(writer, `${name}.add`, outer, skip));
};

const input = Float32Array.from({ length: 3 * 224 * 224 }, () => Math.random() * 4 - 2);

/** @returns {Promise<Timed>} */
async function inOnnxruntime() {
  env.wasm.numThreads = 1;
  const { json, tensors } = resNet18(SIZE, floatBlock);
  const onnx = graphToOnnx(parseGraph(json, tensors), 'resnet18');
  const session = await InferenceSession.create(onnx, { executionProviders: ['wasm'] });
  const feeds = { image: new Tensor('float32', input, [1, 3, 224, 224]) };
  await session.run(feeds);
  return () => processorTime(() => session.run(feeds));
}

const build = chooseBuild(probeFeatures(), 'auto');
const kernels = new WebAssembly.Module(
  readFileSync(new URL(`../dist/mobinet.${build}.wasm`, import.meta.url)),
);

/** @returns {Promise<Timed>} */
async function here(/** @type {keyof typeof NETWORKS} */ name) {
  const { json, tensors } = NETWORKS[name].definition(SIZE);
  const engine = await createEngine(
    planGraph(parseGraph(json, tensors), build, 1, {}, UNCOMMON),
    kernels,
  );
  engine.run(input);
  return () => processorTime(() => engine.run(input));
}

/** Larq's interpreter in a process of its own, which answers a line a run. */
async function inLarq(/** @type {string} */ python) {
  const script = fileURLToPath(new URL('rivals.py', import.meta.url));
  const child = spawn(python, [script, flags.models, ...IN_LARQ], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${python} ended: has it larq_compute_engine and larq_zoo?`);
    return String(value);
  };
  while ((await next()) !== 'ready');
  return {
    timed: (/** @type {string} */ name) => async () => {
      child.stdin.write(`${name}\n`);
      return Number(await next());
    },
    end: () => child.stdin.end(),
  };
}

/** @type {Map<string, { run: Timed, times: number[] }>} */
const contestants = new Map();
const enter = (/** @type {string} */ name, /** @type {Timed} */ run) =>
  contestants.set(name, { run, times: [] });
enter(FLOAT, await inOnnxruntime());
for (const name of OURS) enter(name, await here(name));
const python = process.env.LCE_PYTHON;
const larq = python === undefined ? undefined : await inLarq(python);
if (larq !== undefined) for (const name of IN_LARQ) enter(`${name}, LCE`, larq.timed(name));
for (let round = 0; round < Number(flags.rounds); round++) {
  for (const { run, times } of contestants.values()) times.push(await run());
}
larq?.end();

/** The shortest of all runs. */
const best = (/** @type {string} */ name) =>
  Math.min(...(contestants.get(name)?.times ?? [Number.NaN]));
const ratio = (/** @type {number} */ x) => (Number.isNaN(x) ? '' : `${x.toFixed(2)}x`);
const milliseconds = (/** @type {number} */ x) => (Number.isNaN(x) ? '' : x.toFixed(1));
const float = best(FLOAT);
const title = `Networks at 224 beside others, one thread, processor time, the fastest of ${flags.rounds} (${build} build)`;
const rows = OURS.map((name) => ({ name, ms: best(name), larq: best(`${name}, LCE`) }));
const text = [
  header(title),
  table(
    ['network', 'ms', 'float ResNet-18 / it', 'LCE, ms', 'LCE / it'],
    rows.map(({ name, ms, larq: theirs }) => [
      NETWORKS[name].title,
      milliseconds(ms),
      ratio(float / ms),
      milliseconds(theirs),
      ratio(theirs / ms),
    ]),
  ),
  `${FLOAT}: ${milliseconds(float)} ms`,
  ...(larq === undefined ? ['LCE was not measured: LCE_PYTHON is not set'] : []),
  '',
].join('\n');
process.stdout.write(text);
writeResults('rivals', {
  text,
  json: { build, rounds: Number(flags.rounds), float, rows },
  svg: logBars(
    `${title}: milliseconds`,
    ['fastest'],
    [...contestants.keys()].map((name) => ({ name, values: { fastest: best(name) } })),
  ),
});
