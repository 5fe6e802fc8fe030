/** ResNet-18 (He et al., 2016), whatever its blocks are. */

import { averagePool, batchNorm, convolution, head, maxPool, relu } from './layers.ts';
import { checkNetworkOptions, type NetworkOptions } from './options.ts';
import { type GraphDefinition, type GraphWriter, IMAGE, openWriter, type Value } from './writer.ts';

/** One of the eight blocks, of two convolutions; the first may halve height and width. */
export type Block = (
  writer: GraphWriter,
  name: string,
  input: Value,
  shape: { readonly outChannels: number; readonly stride: number },
) => Value;

const STAGES = [64, 128, 256, 512];

/**
 * A float stem, four stages of two blocks, a float head.
 * @throws InputError INVALID_OPTION
 */
export function resNet18(options: NetworkOptions, block: Block): GraphDefinition {
  const { width, size, classes, headBits = 32, seed = 1 } = options;
  checkNetworkOptions(options);
  const writer = openWriter(size, seed);
  const stem = { outChannels: 64 * width, kernel: 7, stride: 2 };
  const normal = batchNorm(writer, 'stem.norm', convolution(writer, 'stem', IMAGE, stem, 3));
  const window = { kernel: 3, stride: 2, padding: 1 };
  let value = maxPool(writer, 'stem.pool', relu(writer, 'stem.relu', normal), window);
  for (const [stage, channels] of STAGES.entries()) {
    for (const place of [0, 1]) {
      const stride = stage > 0 && place === 0 ? 2 : 1;
      const shape = { outChannels: channels * width, stride };
      value = block(writer, `stages.${stage}.${place}`, value, shape);
    }
  }
  return writer.finish(head(writer, value, classes, headBits));
}

/** The input itself or, where a block changes its shape, a pool, a float 1x1 convolution and batch norm of it. */
export function shortcut(
  writer: GraphWriter,
  name: string,
  input: Value,
  { outChannels, stride }: Parameters<Block>[3],
): Value {
  if (stride === 1 && outChannels === input.channels) return input;
  const pooled = averagePool(writer, `${name}.pool`, input);
  const shape = { outChannels, kernel: 1 };
  return batchNorm(writer, `${name}.norm`, convolution(writer, name, pooled, shape, 3));
}
