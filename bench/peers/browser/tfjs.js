import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { ready, setBackend, tensor4d } from '@tensorflow/tfjs-core';

/** @type {import('../measure.js').Open} */
export async function open(address, { nhwc }, threads) {
  setWasmPaths('/tfjs/');
  // It takes half of the cores, whatever it is told, if there are few.
  if (threads > 1) Object.defineProperty(navigator, 'hardwareConcurrency', { value: 4 });
  setThreadsCount(threads);
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
