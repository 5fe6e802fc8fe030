/**
 * Writes models/out/{mobinet,v1}.safetensors: random weights, 224x224, 1000 classes; and
 * shipped.safetensors: the trained model of the package, 64x64, 200 classes.
 */

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { randomModelFile } from '../../../dist/cli/random-model.js';
import { writeModelFile } from '../../../dist/file/model-file.js';
import { mobileNetV1Definition } from '../../../dist/networks/mobilenet-v1.js';

const SIZE = { width: 1, size: 224, classes: 1000 };
const folder = new URL('out/', import.meta.url);
mkdirSync(folder, { recursive: true });

/** Float MobileNet v1, padded as TensorFlow's `SAME` pads, so that all peers compute one function. */
async function floatModelFile() {
  const { json, tensors } = mobileNetV1Definition(SIZE);
  const nodes = json.nodes.map((node) =>
    JSON.stringify(node.stride) === '[2,2]' ? { ...node, padding: [0, 0, 1, 1] } : node,
  );
  const preprocessing = {
    size: [SIZE.size, SIZE.size],
    resize: { rule: 'shorter-side', size: 256, filter: 'bilinear' },
    crop: 'center',
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
  };
  const metadata = new Map([
    ['format', 'mobinet'],
    ['format_version', '1'],
    ['name', 'mobilenet-v1-224'],
    ['graph', JSON.stringify({ ...json, nodes })],
    ['labels', JSON.stringify(Array.from({ length: SIZE.classes }, (_, index) => String(index)))],
    ['preprocessing', JSON.stringify(preprocessing)],
    ['provenance', JSON.stringify({ weights: 'random' })],
  ]);
  return writeModelFile({ metadata, tensors });
}

/** As models of this package are shipped: a stream of int16 and a head of 8 bits. */
const SHIPPED = /** @type {const} */ ({ stream: { type: 'int16', fraction: 9 }, headBits: 8 });

const mobinet = await randomModelFile({ block: 'mid', k: 3, ...SIZE, ...SHIPPED });
writeFileSync(new URL('mobinet.safetensors', folder), mobinet);
writeFileSync(new URL('v1.safetensors', folder), await floatModelFile());
copyFileSync(
  new URL('../../../models/mobinet-mid-k3-w50-64.safetensors', import.meta.url),
  new URL('shipped.safetensors', folder),
);
