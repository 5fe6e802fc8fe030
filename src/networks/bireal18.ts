import { batchNorm, binaryConvolution, sum } from './layers.ts';
import type { NetworkOptions } from './options.ts';
import { type Block, resNet18, shortcut } from './resnet18.ts';
import type { GraphDefinition } from './writer.ts';

/** sign -> convolution -> batch norm, and a shortcut around each. */
const block: Block = (writer, name, input, { outChannels, stride }) => {
  let value = input;
  for (const [place, step] of [stride, 1].entries()) {
    const unit = `${name}.${place}`;
    const sums = binaryConvolution(writer, unit, value, { outChannels, kernel: 3, stride: step });
    const normal = batchNorm(writer, `${unit}.norm`, sums);
    const skip = shortcut(writer, `${unit}.shortcut`, value, { outChannels, stride: step });
    value = sum(writer, `${unit}.add`, normal, skip);
  }
  return value;
};

/** Bi-Real Net of 18 layers (Liu et al., 2018). @throws InputError INVALID_OPTION */
export function biReal18(options: NetworkOptions): GraphDefinition {
  return resNet18(options, block);
}
