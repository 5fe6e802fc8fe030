// What a page runs; it gives the report to who opened it.
import { wasmFile } from '../../dist/kernels/builds.js';
import { createEngine } from '../../dist/runtime/engine.js';
import { probeFeatures } from '../../dist/runtime/features.js';
import { openThreadPool } from '../../dist/web/thread-pool.js';
import { reportOf } from './cases.js';

/** @param {readonly number[]} threads */
const sameBits = (threads) =>
  reportOf({
    readModel: async (file) => new Uint8Array(await (await fetch(`/models/${file}`)).arrayBuffer()),
    builds: probeFeatures(),
    threads,
    compile: (build, shared) =>
      WebAssembly.compileStreaming(fetch(`/dist/${wasmFile(build, shared)}`)),
    open: (plan, module, threads) =>
      threads > 1 ? openThreadPool(plan, module, undefined) : createEngine(plan, module),
  });

Object.assign(globalThis, { sameBits });
