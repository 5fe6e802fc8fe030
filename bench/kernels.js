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
import { mobinet } from '../dist/networks/mobinet.js';
import { binaryGraph, floatGraph } from './layer-graphs.js';
import { binaryLayers, NETWORK } from './layers.js';
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

/** @typedef {import('./layers.js').Layer} Layer */

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

/** So few bits of fraction that no channel is too large for int16, whatever its random constants. */
const INT16 = /** @type {const} */ ({ type: 'int16', fraction: 6 });

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
  const milliseconds = await timeTasks(tasks, Number(flags.rounds), Number(flags.time));
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
