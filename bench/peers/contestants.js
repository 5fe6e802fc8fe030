/** Who is measured, in the order of a round. */

/**
 * @typedef {object} Contestant
 * @property {string} name
 * @property {'chromium' | 'node'} where
 * @property {string} engine the adapter: browser/ENGINE.js or node/ENGINE.js
 * @property {string} model file under models/out/
 * @property {'mobinet' | 'mobinet 64' | 'v1 float' | 'v1 int8' | 'v2 float' | 'v2 int8'} network
 * @property {string} npm the package whose version is told
 * @property {number} threads that it is to use
 */

/** @satisfies {Record<string, Pick<Contestant, 'network' | 'model'>>} */
const MODELS = /** @type {const} */ ({
  mobinet: { network: 'mobinet', model: 'mobinet.safetensors' },
  shipped: { network: 'mobinet 64', model: 'shipped.safetensors' },
  ours: { network: 'v1 float', model: 'v1.safetensors' },
  onnx1: { network: 'v1 float', model: 'v1.onnx' },
  onnx2: { network: 'v2 float', model: 'v2.onnx' },
  tfjs1: { network: 'v1 float', model: 'tfjs-v1/model.json' },
  tfjs2: { network: 'v2 float', model: 'tfjs-v2/model.json' },
  tflite1: { network: 'v1 float', model: 'v1.tflite' },
  tflite2: { network: 'v2 float', model: 'v2.tflite' },
  tflite1Int8: { network: 'v1 int8', model: 'v1-int8.tflite' },
  tflite2Int8: { network: 'v2 int8', model: 'v2-int8.tflite' },
});

/** The row that all others are compared with. */
export const OURS = 'mobinet';

const PACKAGES = {
  mobinet: 'mobinet',
  'mobinet-worker': 'mobinet',
  litert: '@litertjs/core',
  tfjs: '@tensorflow/tfjs-backend-wasm',
  'onnxruntime-web': 'onnxruntime-web',
  'onnxruntime-node': 'onnxruntime-node',
};

/**
 * @param {string} name
 * @param {Contestant['where']} where
 * @param {keyof typeof PACKAGES} engine
 * @param {keyof typeof MODELS} model
 * @param {number} [threads]
 * @returns {Contestant}
 */
const contestant = (name, where, engine, model, threads = 1) => ({
  name,
  where,
  engine,
  npm: PACKAGES[engine],
  threads,
  ...MODELS[model],
});

/** @type {readonly Contestant[]} */
export const CONTESTANTS = [
  contestant(OURS, 'chromium', 'mobinet', 'mobinet'),
  contestant('mobinet-worker', 'chromium', 'mobinet-worker', 'mobinet'),
  contestant('mobinet-worker-64', 'chromium', 'mobinet-worker', 'shipped'),
  contestant('mobinet-v1', 'chromium', 'mobinet', 'ours'),
  contestant('litert-v1', 'chromium', 'litert', 'tflite1'),
  contestant('litert-v1-int8', 'chromium', 'litert', 'tflite1Int8'),
  contestant('litert-v2', 'chromium', 'litert', 'tflite2'),
  contestant('litert-v2-int8', 'chromium', 'litert', 'tflite2Int8'),
  contestant('tfjs-v1', 'chromium', 'tfjs', 'tfjs1'),
  contestant('tfjs-v2', 'chromium', 'tfjs', 'tfjs2'),
  contestant('onnxruntime-web-v1', 'chromium', 'onnxruntime-web', 'onnx1'),
  contestant('onnxruntime-web-v2', 'chromium', 'onnxruntime-web', 'onnx2'),
  contestant('mobinet-2-threads', 'chromium', 'mobinet', 'mobinet', 2),
  contestant('litert-v1-2-threads', 'chromium', 'litert', 'tflite1', 2),
  contestant('litert-v1-int8-2-threads', 'chromium', 'litert', 'tflite1Int8', 2),
  contestant('tfjs-v1-2-threads', 'chromium', 'tfjs', 'tfjs1', 2),
  contestant('onnxruntime-web-v1-2-threads', 'chromium', 'onnxruntime-web', 'onnx1', 2),
  contestant('node-mobinet', 'node', 'mobinet', 'mobinet'),
  contestant('node-mobinet-v1', 'node', 'mobinet', 'ours'),
  contestant('node-litert-v1', 'node', 'litert', 'tflite1'),
  contestant('node-litert-v1-int8', 'node', 'litert', 'tflite1Int8'),
  contestant('node-tfjs-v1', 'node', 'tfjs', 'tfjs1'),
  contestant('node-onnxruntime-web-v1', 'node', 'onnxruntime-web', 'onnx1'),
  contestant('node-onnxruntime-node-v1', 'node', 'onnxruntime-node', 'onnx1'),
  contestant('node-mobinet-2-threads', 'node', 'mobinet', 'mobinet', 2),
  contestant('node-onnxruntime-node-v1-2-threads', 'node', 'onnxruntime-node', 'onnx1', 2),
];
