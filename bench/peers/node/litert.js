/** LiteRT.js is made for pages and workers; here it gets what it misses of a worker and of CommonJS. */

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { runInThisContext } from 'node:vm';

const WASM = new URL('../node_modules/@litertjs/core/wasm/', import.meta.url);

Object.assign(globalThis, {
  self: globalThis,
  require: createRequire(import.meta.url),
  __dirname: fileURLToPath(WASM),
  importScripts(/** @type {string} */ script) {
    const file = new URL(script, WASM);
    runInThisContext(readFileSync(file, 'utf8'), { filename: fileURLToPath(file) });
  },
});

/** @type {import('../measure.js').Open} */
export async function open(address, { nhwc }) {
  const { loadAndCompile, loadLiteRt, Tensor } = await import('@litertjs/core');
  await loadLiteRt(WASM.href);
  const model = await loadAndCompile(new Uint8Array(await readFile(address)), {
    accelerator: 'wasm',
    cpuOptions: { numThreads: 1 },
  });
  return {
    async run() {
      const image = new Tensor(nhwc, [1, 224, 224, 3]);
      const [logits] = await model.run([image]);
      if (!logits) throw new Error('The model has no output');
      const output = Float32Array.from(logits.toTypedArray());
      image.delete();
      logits.delete();
      return output;
    },
  };
}
