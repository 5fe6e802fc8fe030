import { alexNet } from './alexnet.ts';
import {
  batchNorm,
  type ConvolutionShape,
  constantConvolution,
  convolutionOfSigns,
  relu,
  sign,
  sum,
} from './layers.ts';
import type { NetworkOptions } from './options.ts';
import { type Block, resNet18, shortcut } from './resnet18.ts';
import type { GraphDefinition, GraphWriter, Value } from './writer.ts';

/**
 * batch norm -> sign -> convolution, times K: the mean size of what each window has read, which is
 * the mean over the channels, then over the window.
 */
function unit(writer: GraphWriter, name: string, input: Value, shape: ConvolutionShape): Value {
  const normal = batchNorm(writer, `${name}.norm`, input);
  const signs = sign(writer, `${name}.sign`, normal);
  const sums = convolutionOfSigns(writer, name, signs, shape);
  const slope = writer.floats(`${name}.size.slope`, [1], -1, -1);
  const sizes = writer.add(`${name}.size`, 'prelu', [normal], input.channels, { slope });
  const mean = constantConvolution(writer, `${name}.mean`, sizes, { outChannels: 1, kernel: 1 });
  const window = { ...shape, outChannels: 1 };
  const factor = constantConvolution(writer, `${name}.K`, mean, window);
  return writer.add(`${name}.scaled`, 'multiply', [sums, factor], shape.outChannels);
}

const block: Block = (writer, name, input, { outChannels, stride }) => {
  const inner = unit(writer, `${name}.0`, input, { outChannels, kernel: 3, stride });
  const outer = unit(writer, `${name}.1`, inner, { outChannels, kernel: 3 });
  const skip = shortcut(writer, `${name}.shortcut`, input, { outChannels, stride });
  return sum(writer, `${name}.add`, outer, skip);
};

/** XNOR-Net (Rastegari et al., 2016) of ResNet-18. @throws InputError INVALID_OPTION */
export function xnorResNet18(options: NetworkOptions): GraphDefinition {
  return resNet18(options, block);
}

/** XNOR-Net (Rastegari et al., 2016) of AlexNet. @throws InputError INVALID_OPTION */
export function xnorAlexNet(options: NetworkOptions): GraphDefinition {
  return alexNet(options, (writer, name, input, shape) =>
    relu(writer, `${name}.relu`, unit(writer, name, input, shape)),
  );
}
