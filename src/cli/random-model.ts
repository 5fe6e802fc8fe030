import { writeModelFile } from '../file/model-file.ts';
import type { Preprocessing } from '../image/picture.ts';
import { type MobinetOptions, mobinetDefinition } from '../networks/mobinet.ts';

/** The paper's: the shorter side to 8/7 of the network's size, the centre of that, ImageNet's statistics. */
function paperPreprocessing(size: number): Preprocessing {
  return {
    size: [size, size],
    resize: { rule: 'shorter-side', size: Math.round((size * 8) / 7), filter: 'bilinear' },
    crop: 'center',
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  };
}

/**
 * A model file of one of the paper's networks with random weights: for its costs and its speed.
 * Classes are labelled with their numbers.
 * @throws InputError INVALID_OPTION
 */
export async function randomModelFile(options: MobinetOptions): Promise<Uint8Array> {
  const { block, k, width, size, classes } = options;
  const { json, tensors } = mobinetDefinition(options);
  const labels = Array.from({ length: classes }, (_, index) => String(index));
  const metadata = new Map([
    ['format', 'mobinet'],
    ['format_version', '1'],
    ['name', `mobinet-${block}-k${k}-w${width * 100}-${size}`],
    ['graph', JSON.stringify(json)],
    ['labels', JSON.stringify(labels)],
    ['preprocessing', JSON.stringify(paperPreprocessing(size))],
    ['provenance', JSON.stringify({ weights: 'random' })],
  ]);
  return writeModelFile({ metadata, tensors });
}
