import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

// The packages' ES modules lack file extensions, which Node refuses; their CommonJS works.
const require = createRequire(import.meta.url);
/** @type {typeof import('@tensorflow/tfjs-core')} */
const tf = require('@tensorflow/tfjs-core');
/** @type {typeof import('@tensorflow/tfjs-converter')} */
const { loadGraphModel } = require('@tensorflow/tfjs-converter');
/** @type {typeof import('@tensorflow/tfjs-backend-wasm')} */
const { setWasmPaths } = require('@tensorflow/tfjs-backend-wasm');

/** @type {import('../measure.js').Open} */
export async function open(address, { nhwc }) {
  setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  await tf.setBackend('wasm');
  await tf.ready();
  const { modelTopology, weightsManifest } = JSON.parse(await readFile(address, 'utf8'));
  const weights = await readFile(join(dirname(address), 'weights.bin'));
  const model = await loadGraphModel(
    tf.io.fromMemory({
      modelTopology,
      weightSpecs: weightsManifest[0].weights,
      weightData: Uint8Array.from(weights).buffer,
    }),
  );
  return {
    async run() {
      const image = tf.tensor4d(nhwc, [1, 224, 224, 3]);
      const logits = /** @type {import('@tensorflow/tfjs-core').Tensor} */ (model.predict(image));
      const output = await logits.data();
      image.dispose();
      logits.dispose();
      return output;
    },
  };
}
