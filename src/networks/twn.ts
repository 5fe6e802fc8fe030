import { batchNorm, bitWeightConvolution, relu, sum } from './layers.ts';
import type { NetworkOptions } from './options.ts';
import { type Block, resNet18, shortcut } from './resnet18.ts';
import type { GraphDefinition } from './writer.ts';

const block: Block = (writer, name, input, { outChannels, stride }) => {
  const convolve = (at: string, value: typeof input, step: number) => {
    const shape = { outChannels, kernel: 3, stride: step };
    const sums = bitWeightConvolution(writer, at, value, shape, { ternary: true });
    return batchNorm(writer, `${at}.norm`, sums);
  };
  const inner = relu(writer, `${name}.0.relu`, convolve(`${name}.0`, input, stride));
  const outer = convolve(`${name}.1`, inner, 1);
  const skip = shortcut(writer, `${name}.shortcut`, input, { outChannels, stride });
  return relu(writer, `${name}.relu`, sum(writer, `${name}.add`, outer, skip));
};

/**
 * Ternary weight network (Li et al., 2016) of ResNet-18: weights of -alpha, 0 and alpha, activations
 * of float32. @throws InputError INVALID_OPTION
 */
export function twn(options: NetworkOptions): GraphDefinition {
  return resNet18(options, block);
}
