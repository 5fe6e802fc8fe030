/**
 * What a Node runs: prints the report as JSON.
 *
 *     node test/engines/node-entry.js [THREADS, ...]
 */

import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { wasmFile } from '../../dist/kernels/builds.js';
import { openThreadPool } from '../../dist/node/thread-pool.js';
import { createEngine } from '../../dist/runtime/engine.js';
import { probeFeatures } from '../../dist/runtime/features.js';
import { reportOf } from './cases.js';

const major = Number.parseInt(process.versions.node, 10);
// Before 22 relaxed SIMD has to be asked for; later ones do not know the flag.
if (major < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');

const root = new URL('../../', import.meta.url);

const report = await reportOf({
  readModel: async (file) => new Uint8Array(await readFile(new URL(`models/${file}`, root))),
  builds: probeFeatures(),
  threads: process.argv.slice(2).map(Number),
  compile: async (build, shared) =>
    WebAssembly.compile(await readFile(new URL(`dist/${wasmFile(build, shared)}`, root))),
  open: (plan, module, threads) =>
    threads > 1 ? openThreadPool(plan, module, undefined) : createEngine(plan, module),
});
const { version, arch } = process;
process.stdout.write(JSON.stringify({ version, arch, report }));
