/** AlexNet (Krizhevsky et al., 2012) in one piece, without groups, whatever its inner layers are. */

import { batchNorm, type ConvolutionShape, convolution, head, maxPool, relu } from './layers.ts';
import { checkNetworkOptions, checkOption, type NetworkOptions } from './options.ts';
import { type GraphDefinition, type GraphWriter, IMAGE, openWriter, type Value } from './writer.ts';

/** One of the six layers between the first and the last. */
export type Layer = (
  writer: GraphWriter,
  name: string,
  input: Value,
  shape: ConvolutionShape,
) => Value;

const POOL = { kernel: 3, stride: 2, padding: 0 };

/** Convolutions, and whether a pool follows. */
const CONVOLUTIONS = [
  { outChannels: 256, kernel: 5, pools: true },
  { outChannels: 384, kernel: 3, pools: false },
  { outChannels: 384, kernel: 3, pools: false },
  { outChannels: 256, kernel: 3, pools: true },
];

/** Side of the map after the first layer and the three pools. */
function lastSide(size: number): number {
  const first = Math.floor((size + 4 - 11) / 4) + 1;
  return [0, 1, 2].reduce((side) => Math.floor((side - 3) / 2) + 1, first);
}

/**
 * A float first layer, four convolutions and two dense layers of 4096, a float head.
 * @throws InputError INVALID_OPTION where `size` is below 64, too
 */
export function alexNet(options: NetworkOptions, layer: Layer): GraphDefinition {
  const { width, size, classes, headBits = 32, seed = 1 } = options;
  checkNetworkOptions(options);
  checkOption(size >= 64, `size is ${size}`, 'AlexNet takes 64 or more');
  const writer = openWriter(size, seed);
  const first = { outChannels: 96 * width, kernel: 11, stride: 4, padding: 2 };
  const normal = batchNorm(writer, 'stem.norm', convolution(writer, 'stem', IMAGE, first, 3));
  let value = maxPool(writer, 'stem.pool', relu(writer, 'stem.relu', normal), POOL);
  for (const [index, { outChannels, kernel, pools }] of CONVOLUTIONS.entries()) {
    const name = `convolutions.${index}`;
    value = layer(writer, name, value, { outChannels: outChannels * width, kernel });
    if (pools) value = maxPool(writer, `${name}.pool`, value, POOL);
  }
  // A dense layer over a map is a convolution whose kernel is the map.
  for (const [index, kernel] of [lastSide(size), 1].entries()) {
    const shape = { outChannels: 4096 * width, kernel, padding: 0 };
    value = layer(writer, `dense.${index}`, value, shape);
  }
  return writer.finish(head(writer, value, classes, headBits));
}
