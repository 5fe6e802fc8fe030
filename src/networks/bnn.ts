import { batchNorm, binaryConvolution, filterElements, sum } from './layers.ts';
import type { NetworkOptions } from './options.ts';
import { type Block, resNet18, shortcut } from './resnet18.ts';
import type { GraphDefinition } from './writer.ts';

/** sign -> convolution -> batch norm, twice, then the shortcut and a hard tanh; nothing is scaled. */
const block: Block = (writer, name, input, { outChannels, stride }) => {
  let value = input;
  for (const [place, step] of [stride, 1].entries()) {
    const unit = `${name}.${place}`;
    const shape = { outChannels, kernel: 3, stride: step, alpha: false };
    const scale = Math.sqrt(filterElements(value, shape));
    const sums = binaryConvolution(writer, unit, value, shape);
    value = batchNorm(writer, `${unit}.norm`, sums, scale);
  }
  const skip = shortcut(writer, `${name}.shortcut`, input, { outChannels, stride });
  const added = sum(writer, `${name}.add`, value, skip);
  return writer.add(`${name}.tanh`, 'hard_tanh', [added], outChannels);
};

/** BNN (Hubara et al., 2016) of ResNet-18. @throws InputError INVALID_OPTION */
export function bnn(options: NetworkOptions): GraphDefinition {
  return resNet18(options, block);
}
