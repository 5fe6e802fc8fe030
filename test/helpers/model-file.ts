import { writeModelFile } from '../../src/file/model-file.ts';
import type { Container } from '../../src/file/safetensors.ts';
import type { Tensor } from '../../src/tensor.ts';
import { tinyNetwork } from '../networks/tiny-network.ts';

/** The metadata and tensors of a small valid model, 3 x 6 x 6 to 5 classes; new each time. */
export function tinyContainer(): {
  metadata: Map<string, string>;
  tensors: Map<string, Tensor>;
} {
  const { json, tensors } = tinyNetwork();
  const preprocessing = {
    size: [6, 6],
    resize: { rule: 'shorter-side', size: 6, filter: 'bilinear' },
    crop: 'center',
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
  };
  const metadata = new Map([
    ['format', 'mobinet'],
    ['format_version', '1'],
    ['name', 'tiny'],
    ['graph', JSON.stringify(json)],
    ['labels', JSON.stringify(['ant', 'bee', 'cat', 'dog', 'eel'])],
    ['label_ids', JSON.stringify(['n1', 'n2', 'n3', 'n4', 'n5'])],
    ['preprocessing', JSON.stringify(preprocessing)],
    ['provenance', JSON.stringify({ weights: 'by hand' })],
  ]);
  return { metadata, tensors };
}

/** A small valid model file, with `change` done to it first. */
export function tinyModelFile(
  change: (container: ReturnType<typeof tinyContainer>) => void = () => undefined,
): Promise<Uint8Array> {
  const container = tinyContainer();
  change(container);
  return writeModelFile(container as Container);
}
