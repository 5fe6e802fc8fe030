import { readFile } from 'node:fs/promises';
import * as ort from 'onnxruntime-web';

/** @type {import('../measure.js').Open} */
export async function open(address, { nchw }) {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(await readFile(address), {
    executionProviders: ['wasm'],
  });
  return {
    async run() {
      const image = new ort.Tensor('float32', nchw, [1, 3, 224, 224]);
      const { logits } = await session.run({ image });
      return /** @type {Float32Array} */ (logits?.data);
    },
  };
}
