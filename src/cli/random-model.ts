import { writeModelFile } from '../file/model-file.ts';
import type { Preprocessing } from '../image/picture.ts';
import { NETWORKS, type NetworkName } from '../networks/index.ts';
import { type MobinetOptions, mobinetDefinition } from '../networks/mobinet.ts';
import type { NetworkOptions } from '../networks/options.ts';
import type { GraphDefinition } from '../networks/writer.ts';

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
 * A model file of a MoBiNet with random weights: for its costs and its speed. Classes are labelled with
 * their numbers.
 * @throws InputError INVALID_OPTION
 */
export function randomModelFile(options: MobinetOptions): Promise<Uint8Array> {
  const { block, k, width, size } = options;
  const name = `mobinet-${block}-k${k}-w${width * 100}-${size}`;
  return modelFile(name, mobinetDefinition(options), options);
}

/** The same of another network. @throws InputError INVALID_OPTION */
export function randomNetworkFile(
  network: NetworkName,
  options: NetworkOptions,
): Promise<Uint8Array> {
  const name = `${network}-w${options.width * 100}-${options.size}`;
  return modelFile(name, NETWORKS[network].definition(options), options);
}

function modelFile(
  name: string,
  { json, tensors }: GraphDefinition,
  { size, classes }: NetworkOptions,
): Promise<Uint8Array> {
  const labels = Array.from({ length: classes }, (_, index) => String(index));
  const metadata = new Map([
    ['format', 'mobinet'],
    ['format_version', '1'],
    ['name', name],
    ['graph', JSON.stringify(json)],
    ['labels', JSON.stringify(labels)],
    ['preprocessing', JSON.stringify(paperPreprocessing(size))],
    ['provenance', JSON.stringify({ weights: 'random' })],
  ]);
  return writeModelFile({ metadata, tensors });
}
