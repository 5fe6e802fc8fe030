import { loadAndCompile, loadLiteRt, Tensor } from '@litertjs/core';

/** @type {import('../measure.js').Open} */
export async function open(address, { nhwc }, threads) {
  await loadLiteRt('/litert/', { threads: threads > 1 });
  const model = await loadAndCompile(address, {
    accelerator: 'wasm',
    cpuOptions: { numThreads: threads },
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
