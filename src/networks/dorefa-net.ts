import { alexNet } from './alexnet.ts';
import { batchNorm, convolutionOfSigns, relu } from './layers.ts';
import { checkOption, type NetworkOptions } from './options.ts';
import type { GraphDefinition, GraphWriter, Value } from './writer.ts';

export interface DoReFaOptions extends NetworkOptions {
  /** 1 to 4; default 1. */
  readonly activationBits?: number;
}

/**
 * DoReFa-Net (Zhou et al., 2016) of AlexNet, weights of one bit. Its activations are q / n, n = 2^bits - 1:
 * of one bit half of a sign and a half, of more 1 / 2n of levels and a half. That factor is part
 * of alpha, what the half adds to each sum part of the batch norm, and a border of 0 is the lowest
 * level. @throws InputError INVALID_OPTION
 */
export function doReFaNet(options: DoReFaOptions): GraphDefinition {
  const { activationBits: bits = 1 } = options;
  checkOption([1, 2, 3, 4].includes(bits), `${bits} bits of activations`, '1 to 4');
  const activation = (writer: GraphWriter, name: string, input: Value) => {
    if (bits === 1) {
      const threshold = writer.floats(`${name}.threshold`, [1], 0.5, 0.5);
      return writer.add(`${name}.sign`, 'sign', [input], input.channels, { threshold });
    }
    const largest = 2 ** bits - 1;
    const halves = Float32Array.from({ length: largest }, (_, at) => (at + 0.5) / largest);
    const thresholds = writer.constants(`${name}.thresholds`, [largest, 1], halves);
    return writer.add(`${name}.levels`, 'levels', [input], input.channels, { thresholds });
  };
  return alexNet(options, (writer, name, input, shape) => {
    const read = activation(writer, name, input);
    const sums = convolutionOfSigns(writer, name, read, { ...shape, paddingValue: -1, bits });
    return relu(writer, `${name}.relu`, batchNorm(writer, `${name}.norm`, sums));
  });
}
