/**
 * Every binary convolution of MoBiNet-Mid K = 3 at 224, one core: bits a nanosecond of this package's
 * kernels, beside the same shape by scalar popcount, by i8x16.popcnt and in float32.
 *
 *     npm run build && node bench/kernels.js [--rounds 3] [--time 60]
 *
 * Ours, with a stream of int16 and with one of float32, and the rows of scalar popcount and float32
 * include what a network needs: epilogue, skip and stream; the i8x16.popcnt row only counts. Writes bench/results/kernels.{json,txt,svg}.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Bench } from 'tinybench';
import { mobinet } from '../dist/networks/mobinet.js';
import { inferShape } from '../dist/ops/index.js';
import { binaryLayers, NETWORK } from './layers.js';
import { logBars } from './picture.js';
import { header, median, table, writeResults } from './report.js';
import { openStep } from './step.js';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    time: { type: 'string', default: '60' },
  },
});

/** @typedef {import('./layers.js').Layer} Layer */
/** @typedef {import('../dist/ops/index.js').GraphNode} GraphNode */

const random = (/** @type {number} */ length) =>
  Float32Array.from({ length }, () => Math.random() - 0.5);

/**
 * A graph of nodes one after the other.
 * @param {Layer} layer
 * @param {GraphNode[]} nodes
 * @param {import('../dist/graph/graph.js').Int16Stream} [stream]
 * @returns {import('../dist/graph/graph.js').Graph}
 */
function chain({ inChannels, size }, nodes, stream) {
  /** @type {[number, number, number]} */
  const shape = [inChannels, size, size];
  /** @type {Map<string, import('../dist/tensor.js').Shape>} */
  const shapes = new Map([['image', shape]]);
  for (const node of nodes) {
    const inputs = node.inputs.map((name) => /** @type {typeof shape} */ (shapes.get(name)));
    shapes.set(node.name, inferShape(node, inputs));
  }
  const output = /** @type {GraphNode} */ (nodes.at(-1)).name;
  return { input: { name: 'image', shape }, output, nodes, shapes, stream };
}

/** A unit as the network has it: PReLU, batch norm and the skip behind the convolution. */
const rest = (/** @type {Layer} */ { inChannels, outChannels }) => {
  /** @type {GraphNode[]} */
  const nodes = [
    { name: 'prelu', op: 'prelu', inputs: ['conv'], slope: random(outChannels) },
    {
      name: 'norm',
      op: 'affine',
      inputs: ['prelu'],
      scale: random(outChannels),
      bias: random(outChannels),
    },
  ];
  // Where channels double, the skip is the input beside itself; the kernel reads it once.
  const copies = Array.from({ length: outChannels / inChannels }, () => 'image');
  if (copies.length > 1) nodes.push({ name: 'copies', op: 'concat', inputs: copies });
  const skip = copies.length > 1 ? 'copies' : 'image';
  return [...nodes, /** @type {GraphNode} */ ({ name: 'out', op: 'add', inputs: ['norm', skip] })];
};

const geometry = (/** @type {Layer} */ { kernel, inChannels, outChannels, groups }) => {
  const p = (kernel - 1) / 2;
  return {
    kernel: /** @type {[number, number]} */ ([kernel, kernel]),
    stride: /** @type {[number, number]} */ ([1, 1]),
    padding: /** @type {[number, number, number, number]} */ ([p, p, p, p]),
    groups,
    inChannels,
    outChannels,
  };
};

/** So few bits of fraction that no channel is too large for int16, whatever its random constants. */
const INT16 = /** @type {const} */ ({ type: 'int16', fraction: 6 });

/**
 * @param {Layer} layer
 * @param {typeof INT16} [stream]
 */
function binaryGraph(layer, stream) {
  const { kernel, inChannels, outChannels, groups } = layer;
  const elements = kernel * kernel * (inChannels / groups);
  const words = Math.ceil(elements / 64);
  const weight = new BigUint64Array(outChannels * words);
  const bytes = new Uint8Array(weight.buffer);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Math.random() * 256;
  /** @type {GraphNode[]} */
  const nodes = [
    { name: 'signs', op: 'sign', inputs: ['image'], threshold: undefined },
    {
      name: 'conv',
      op: 'binary_conv2d',
      inputs: ['signs'],
      weight,
      alpha: random(outChannels),
      paddingValue: 0,
      ...geometry(layer),
    },
    ...rest(layer),
  ];
  return chain(layer, nodes, stream);
}

function floatGraph(/** @type {Layer} */ layer) {
  const { kernel, inChannels, outChannels, groups } = layer;
  const weight = random(outChannels * (inChannels / groups) * kernel * kernel);
  return chain(layer, [
    { name: 'conv', op: 'conv2d', inputs: ['image'], weight, bias: undefined, ...geometry(layer) },
    ...rest(layer),
  ]);
}

/** The i8x16.popcnt baseline, compiled from bench/assembly; random bits. */
function openPopcnt(/** @type {WebAssembly.Module} */ module, /** @type {Layer} */ layer) {
  const pixels = layer.size * layer.size + (layer.size % 2);
  const vectors = Math.ceil(layer.inChannels / 128);
  const weights = 1024 + pixels * vectors * 16;
  const counts = weights + layer.outChannels * vectors * 16;
  const pages = Math.ceil((counts + pixels * layer.outChannels * 2) / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const run = /** @type {(...numbers: number[]) => void} */ (exports.pointwisePopcnt);
  return () => run(1024, weights, counts, pixels, layer.outChannels, vectors);
}

function compilePopcnt() {
  const file = fileURLToPath(new URL('results/i8x16-popcnt.wasm', import.meta.url));
  const source = fileURLToPath(new URL('assembly/i8x16-popcnt.ts', import.meta.url));
  const options = ['--runtime', 'stub', '--importMemory', '--enable', 'simd', '-O3', '--noAssert'];
  execFileSync('npx', ['asc', source, '-o', file, '--use', 'abort=', ...options]);
  return new WebAssembly.Module(readFileSync(file));
}

/**
 * Median milliseconds of each task, over rounds in which all take their turn.
 * @param {ReadonlyMap<string, () => void>} tasks
 * @returns {Promise<Map<string, number>>}
 */
async function timeTasks(tasks) {
  const times = new Map([...tasks.keys()].map((name) => [name, /** @type {number[]} */ ([])]));
  for (let round = 0; round < Number(flags.rounds); round++) {
    const bench = new Bench({ time: Number(flags.time), warmupTime: 30 });
    for (const [name, task] of tasks) bench.add(name, task);
    for (const { name, result } of await bench.run()) {
      if (result === undefined || result.error) throw result?.error ?? new Error(name);
      times.get(name)?.push(result.latency.p50 ?? Number.NaN);
    }
  }
  return new Map([...times].map(([name, each]) => [name, median(each)]));
}

const OURS = ['binaryPointwiseNibbles', 'binaryGrouped3x3Planes'];
const OURS_INT16 = OURS.map((name) => `${name}Int16`);
const WORDS = ['binaryPointwiseWords', 'binaryConv2dWords'];
const FLOAT = ['pointwise', 'conv2d'];

const popcnt = compilePopcnt();
const layers = binaryLayers(mobinet(NETWORK));
const rows = [];
for (const layer of layers) {
  const tasks = new Map([
    ['mobinet', await openStep(binaryGraph(layer, INT16), 'simd', OURS_INT16)],
    ['float32 stream', await openStep(binaryGraph(layer), 'simd', OURS)],
    ['scalar popcount', await openStep(binaryGraph(layer), 'plain', WORDS)],
    ['float32', await openStep(floatGraph(layer), 'simd', FLOAT)],
  ]);
  if (layer.kernel === 1) tasks.set('i8x16.popcnt', openPopcnt(popcnt, layer));
  const milliseconds = await timeTasks(tasks);
  /** Bit-multiply-adds a nanosecond; of float32, multiply-adds. */
  const rate = (/** @type {string} */ name) =>
    layer.bitMacs / ((milliseconds.get(name) ?? Number.NaN) * 1e6);
  rows.push({ layer, milliseconds: milliseconds.get('mobinet') ?? Number.NaN, rate });
  process.stderr.write(`\r${rows.length} of ${layers.length} layers`);
}
process.stderr.write('\n');

const PEERS = ['float32 stream', 'scalar popcount', 'i8x16.popcnt', 'float32'];
const shown = (/** @type {number} */ x, /** @type {number} */ digits) =>
  Number.isNaN(x) ? '' : x.toFixed(digits);
const lines = rows.map(({ layer, milliseconds, rate }) => [
  layer.name,
  `${layer.count}`,
  milliseconds.toFixed(3),
  shown(rate('mobinet'), 0),
  ...PEERS.map((name) => shown(rate(name), name === 'float32' ? 1 : 0)),
  ...PEERS.map((name) => shown(rate('mobinet') / rate(name), 1)),
]);
const columns = ['layer', 'times', 'ms', 'mobinet', ...PEERS, ...PEERS.map((name) => `/ ${name}`)];
const whole = rows.reduce((sum, { layer, milliseconds }) => sum + layer.count * milliseconds, 0);
const count = rows.reduce((sum, { layer }) => sum + layer.count, 0);
const title = 'Binary convolutions of MoBiNet-Mid K = 3, 224x224, width 1, one thread';
const text = [
  header(`${title}: multiply-adds a nanosecond`),
  table(columns, lines),
  `All ${count} layers, one after the other: ${whole.toFixed(2)} ms`,
  '',
].join('\n');
process.stdout.write(text);
const values = rows.map(({ layer, milliseconds, rate }) => ({
  ...layer,
  milliseconds,
  rates: Object.fromEntries(
    ['mobinet', ...PEERS].map((name) => [name, rate(name)]).filter(([, x]) => !Number.isNaN(x)),
  ),
}));
writeResults('kernels', {
  text,
  json: { network: NETWORK, rows: values },
  svg: logBars(
    `${title}: multiply-adds a nanosecond`,
    ['mobinet', ...PEERS],
    values.map(({ name, rates }) => ({ name, values: rates })),
  ),
});
