import * as ort from 'onnxruntime-web/wasm';

/** @type {import('../measure.js').Open} */
export async function open(address, { nchw }, threads) {
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = '/onnxruntime-web/';
  const session = await ort.InferenceSession.create(address, { executionProviders: ['wasm'] });
  return {
    async run() {
      const image = new ort.Tensor('float32', nchw, [1, 3, 224, 224]);
      const { logits } = await session.run({ image });
      return /** @type {Float32Array} */ (logits?.data);
    },
  };
}
