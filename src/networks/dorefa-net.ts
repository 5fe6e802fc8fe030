import { alexNet } from './alexnet.ts';
import { batchNorm, convolutionOfSigns, relu } from './layers.ts';
import type { NetworkOptions } from './options.ts';
import type { GraphDefinition } from './writer.ts';

/**
 * DoReFa-Net (Zhou et al., 2016) of AlexNet, weights and activations of one bit. Its activations are 0
 * and 1, x > 1/2: half of a sign and a half. The half of alpha is part of alpha, what it adds to each
 * sum part of the batch norm, and a border of 0 is a sign of -1. @throws InputError INVALID_OPTION
 */
export function doReFaNet(options: NetworkOptions): GraphDefinition {
  return alexNet(options, (writer, name, input, shape) => {
    const threshold = writer.floats(`${name}.threshold`, [1], 0.5, 0.5);
    const signs = writer.add(`${name}.sign`, 'sign', [input], input.channels, { threshold });
    const sums = convolutionOfSigns(writer, name, signs, { ...shape, paddingValue: -1 });
    return relu(writer, `${name}.relu`, batchNorm(writer, `${name}.norm`, sums));
  });
}
