/** Networks whose weights are binary and whose activations are float32, of AlexNet. */

import { alexNet } from './alexnet.ts';
import { batchNorm, bitWeightConvolution, filterElements, relu } from './layers.ts';
import type { NetworkOptions } from './options.ts';
import type { GraphDefinition } from './writer.ts';

function binaryWeights(options: NetworkOptions, alpha: boolean): GraphDefinition {
  return alexNet(options, (writer, name, input, shape) => {
    const sums = bitWeightConvolution(writer, name, input, shape, { alpha });
    const scale = alpha ? 1 : Math.sqrt(filterElements(input, shape));
    return relu(writer, `${name}.relu`, batchNorm(writer, `${name}.norm`, sums, scale));
  });
}

/** BinaryConnect (Courbariaux et al., 2015): weights of +-1. @throws InputError INVALID_OPTION */
export function binaryConnect(options: NetworkOptions): GraphDefinition {
  return binaryWeights(options, false);
}

/**
 * Binary weight network (Rastegari et al., 2016): weights of +-alpha. SQ-BWN (Dong et al., 2017) is
 * trained otherwise, and is the same network. @throws InputError INVALID_OPTION
 */
export function bwn(options: NetworkOptions): GraphDefinition {
  return binaryWeights(options, true);
}
