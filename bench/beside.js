/**
 * Model files of ours beside ONNX files in onnxruntime-web, each on one thread and one picture, in rounds in which all
 * take their turn: size, and processor time, which a busy machine changes least.
 *
 *     npm run build && node bench/beside.js my.safetensors beside.onnx [--rounds 300]
 */

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { parseModelFile } from '../dist/file/model-file.js';
import { UNCOMMON } from '../dist/kernels/uncommon.js';
import { planGraph } from '../dist/plan/plan.js';
import { createEngine } from '../dist/runtime/engine.js';
import { chooseBuild, probeFeatures } from '../dist/runtime/features.js';
import { header, median, table } from './report.js';

const { values: flags, positionals: files } = parseArgs({
  options: { rounds: { type: 'string', default: '300' } },
  allowPositionals: true,
});
const build = chooseBuild(probeFeatures(), 'auto');
const kernels = new WebAssembly.Module(
  readFileSync(new URL(`../dist/mobinet.${build}.wasm`, import.meta.url)),
);
env.wasm.numThreads = 1;

const noise = (/** @type {readonly number[]} */ shape) =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => Math.random() * 4 - 2);

/**
 * @param {Uint8Array} bytes
 * @returns {Promise<() => unknown>}
 */
async function ours(bytes) {
  const { graph } = parseModelFile(bytes);
  const engine = await createEngine(planGraph(graph, build, 1, {}, UNCOMMON), kernels);
  const input = noise(graph.input.shape);
  return () => engine.run(input);
}

/**
 * @param {Uint8Array} bytes
 * @returns {Promise<() => unknown>}
 */
async function inOnnxruntime(bytes) {
  const session = await InferenceSession.create(bytes, { executionProviders: ['wasm'] });
  const [name = ''] = session.inputNames;
  const [meta] = session.inputMetadata;
  if (meta?.isTensor !== true) throw new Error('an ONNX file whose first input is a tensor');
  const shape = meta.shape.map((size) => (typeof size === 'number' ? size : 1));
  const feeds = { [name]: new Tensor('float32', noise(shape), shape) };
  return () => session.run(feeds);
}

const entries = [];
for (const file of files) {
  const bytes = Uint8Array.from(readFileSync(file));
  const run = await (file.endsWith('.onnx') ? inOnnxruntime : ours)(bytes);
  entries.push({ name: basename(file), megabytes: bytes.length / 1e6, run, times: [NaN].slice(1) });
}
for (let round = 0; round < Number(flags.rounds); round++) {
  for (const { run, times } of entries) {
    const begin = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(begin);
    times.push((user + system) / 1000);
  }
}
process.stdout.write(
  [
    header(`One picture on one thread, processor time, median of ${flags.rounds} (${build} build)`),
    table(
      ['file', 'MB', 'ms'],
      entries.map(({ name, megabytes, times }) => [
        name,
        megabytes.toFixed(2),
        median(times).toFixed(2),
      ]),
    ),
  ].join('\n'),
);
