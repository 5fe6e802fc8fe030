/**
 * What a loaded model keeps on the JavaScript heap beside its WebAssembly memory: MoBiNet-Mid K = 3 at
 * 224, width 1, 1000 classes, random weights, loaded from a file.
 *
 *     npm run build && node --expose-gc bench/memory.js [--dist ../dist/]
 *
 * `--dist` is where the package to measure is, from this file on.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({ options: { dist: { type: 'string', default: '../dist/' } } });
const dist = new URL(flags.dist, import.meta.url);

/** @type {typeof import('../dist/cli/random-model.js')} */
const { randomModelFile } = await import(new URL('cli/random-model.js', dist).href);
/** @type {typeof import('../dist/node/index.js')} */
const { loadModel } = await import(new URL('node/index.js', dist).href);

const folder = mkdtempSync(join(tmpdir(), 'mobinet-memory-'));
const path = join(folder, 'model.safetensors');

async function writeModel() {
  const options = /** @type {const} */ ({ block: 'mid', k: 3, width: 1, size: 224, classes: 1000 });
  writeFileSync(path, await randomModelFile(options));
}

/** Bytes of objects and of ArrayBuffers, after all that can be collected has been. */
async function heap() {
  for (let time = 0; time < 4; time++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  return { objects: heapUsed, buffers: external };
}

/** One model, loaded, run and disposed of; apart, so that nothing here holds it. */
async function measure(/** @type {Awaited<ReturnType<typeof heap>>} */ before) {
  const model = await loadModel(path);
  await model.run(new Float32Array(3 * 224 * 224));
  const { memoryBytes, fileBytes, constantBytes } = model.describe();
  const loaded = await heap();
  model.dispose();
  const disposed = await heap();
  // The model is still held here: what it keeps when it is disposed of shows.
  const kept = model.name.length > 0;
  return { memoryBytes, fileBytes, constantBytes, loaded, disposed, before, kept };
}

try {
  if (globalThis.gc === undefined) throw new Error('run node with --expose-gc');
  await writeModel();
  // What is compiled and cached at the first load is not the model's.
  await measure(await heap());
  const figures = await measure(await heap());
  const { before, loaded, disposed, memoryBytes, fileBytes, constantBytes } = figures;
  const more = (/** @type {typeof before} */ { objects, buffers }) => ({
    objects: objects - before.objects,
    // WebAssembly's memory counts as a buffer.
    buffers: buffers - before.buffers,
  });
  console.log(
    JSON.stringify(
      { fileBytes, constantBytes, memoryBytes, loaded: more(loaded), disposed: more(disposed) },
      undefined,
      2,
    ),
  );
} finally {
  rmSync(folder, { recursive: true });
}
