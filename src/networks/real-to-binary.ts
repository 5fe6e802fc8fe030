import { batchNorm, binaryConvolution, dense, filterElements, prelu, relu, sum } from './layers.ts';
import type { NetworkOptions } from './options.ts';
import { type Block, resNet18, shortcut } from './resnet18.ts';
import type { GraphDefinition, GraphWriter, Value } from './writer.ts';

/** How many times fewer channels a gate has inside. */
const REDUCTION = 8;

/** A factor from 0 to 1 for each of `outChannels`, worked out from the means of the channels. */
function gate(writer: GraphWriter, name: string, input: Value, outChannels: number): Value {
  const pool = writer.add(`${name}.pool`, 'global_average_pool', [input], input.channels);
  const few = dense(writer, `${name}.reduce`, pool, input.channels / REDUCTION);
  const many = dense(writer, `${name}.expand`, relu(writer, `${name}.relu`, few), outChannels);
  return writer.add(`${name}.sigmoid`, 'sigmoid', [many], outChannels);
}

/** batch norm -> sign -> convolution, times a gate -> PReLU, and a shortcut around each. */
const block: Block = (writer, name, input, { outChannels, stride }) => {
  let value = input;
  for (const [place, step] of [stride, 1].entries()) {
    const unit = `${name}.${place}`;
    const shape = { outChannels, kernel: 3, stride: step, alpha: false };
    const scale = Math.sqrt(filterElements(value, shape)) / 2;
    const normal = batchNorm(writer, `${unit}.norm`, value, scale);
    const sums = binaryConvolution(writer, unit, normal, shape);
    const factors = gate(writer, `${unit}.gate`, normal, outChannels);
    const gated = writer.add(`${unit}.gated`, 'multiply', [sums, factors], outChannels);
    const skip = shortcut(writer, `${unit}.shortcut`, value, { outChannels, stride: step });
    value = sum(writer, `${unit}.add`, prelu(writer, `${unit}.prelu`, gated), skip);
  }
  return value;
};

/** Real-to-Binary Net (Martinez et al., 2020). @throws InputError INVALID_OPTION */
export function realToBinary(options: NetworkOptions): GraphDefinition {
  return resNet18(options, block);
}
