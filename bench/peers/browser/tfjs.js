import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { ready, setBackend, tensor4d } from '@tensorflow/tfjs-core';

/** @type {import('../measure.js').Open} */
export async function open(address, { nhwc }) {
  setWasmPaths('/tfjs/');
  setThreadsCount(1);
  await setBackend('wasm');
  await ready();
  const model = await loadGraphModel(address);
  return {
    async run() {
      const image = tensor4d(nhwc, [1, 224, 224, 3]);
      const logits = /** @type {import('@tensorflow/tfjs-core').Tensor} */ (model.predict(image));
      const output = await logits.data();
      image.dispose();
      logits.dispose();
      return output;
    },
  };
}
