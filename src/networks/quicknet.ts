import {
  batchNorm,
  binaryConvolution,
  constantConvolution,
  convolution,
  filterElements,
  head,
  maxPool,
  relu,
  sum,
} from './layers.ts';
import { checkNetworkOptions, type NetworkOptions } from './options.ts';
import { type GraphDefinition, type GraphWriter, IMAGE, openWriter, type Value } from './writer.ts';

const STAGES = [64, 128, 256, 512];

const BLOCKS = 4;

/** A padding of +1, the activation before batch norm, a skip around it all. */
function residual(writer: GraphWriter, name: string, input: Value): Value {
  const shape = { outChannels: input.channels, kernel: 3, alpha: false, paddingValue: 1 } as const;
  const sums = relu(writer, `${name}.relu`, binaryConvolution(writer, name, input, shape));
  const scale = Math.sqrt(filterElements(input, shape));
  return sum(writer, `${name}.add`, batchNorm(writer, `${name}.norm`, sums, scale), input);
}

/** Half the size, by a maximum and a blur, and twice the channels. */
function transition(writer: GraphWriter, name: string, input: Value, outChannels: number): Value {
  const positive = relu(writer, `${name}.relu`, input);
  const window = { kernel: 2, stride: 1, padding: 0 };
  const largest = maxPool(writer, `${name}.pool`, positive, window);
  const { channels } = input;
  const blur = { outChannels: channels, kernel: 3, stride: 2, groups: channels };
  const small = constantConvolution(writer, `${name}.blur`, largest, blur);
  const wide = convolution(writer, name, small, { outChannels, kernel: 1 }, 6);
  return batchNorm(writer, `${name}.norm`, wide);
}

/** QuickNet (Bannink et al., 2021), of Larq's zoo; its blur has equal taps here. @throws InputError INVALID_OPTION */
export function quickNet(options: NetworkOptions): GraphDefinition {
  const { width, size, classes, headBits = 32, seed = 1 } = options;
  checkNetworkOptions(options);
  const writer = openWriter(size, seed);
  const few = 16 * width;
  const first = { outChannels: few, kernel: 3, stride: 2 };
  let value = batchNorm(writer, 'stem.0.norm', convolution(writer, 'stem.0', IMAGE, first, 3));
  const depthwise = { outChannels: few, kernel: 3, stride: 2, groups: few };
  value = convolution(writer, 'stem.1', relu(writer, 'stem.0.relu', value), depthwise, 6);
  value = batchNorm(writer, 'stem.1.norm', value);
  value = convolution(writer, 'stem.2', value, { outChannels: 64 * width, kernel: 1 }, 3);
  value = batchNorm(writer, 'stem.2.norm', value);
  for (const [stage, channels] of STAGES.entries()) {
    if (stage > 0) value = transition(writer, `transitions.${stage}`, value, channels * width);
    for (let place = 0; place < BLOCKS; place++) {
      value = residual(writer, `stages.${stage}.${place}`, value);
    }
  }
  return writer.finish(head(writer, relu(writer, 'relu', value), classes, headBits));
}
