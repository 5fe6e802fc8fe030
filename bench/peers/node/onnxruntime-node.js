import ort from 'onnxruntime-node';

/** @type {import('../measure.js').Open} */
export async function open(address, { nchw }, threads) {
  const session = await ort.InferenceSession.create(address, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  });
  return {
    async run() {
      const image = new ort.Tensor('float32', nchw, [1, 3, 224, 224]);
      const { logits } = await session.run({ image });
      return /** @type {Float32Array} */ (logits?.data);
    },
    build: 'native',
  };
}
