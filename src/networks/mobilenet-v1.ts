import type { Graph } from '../graph/graph.ts';
import { parseGraph } from '../graph/parse.ts';
import { batchNorm, type ConvolutionShape, convolution, head, relu } from './layers.ts';
import { checkNetworkOptions, type NetworkOptions } from './options.ts';
import { type GraphDefinition, IMAGE, openWriter, type Value } from './writer.ts';

/** (in, out, stride) of the thirteen blocks at width 1. */
export const BLOCKS: readonly (readonly [number, number, number])[] = [
  [32, 64, 1],
  [64, 128, 2],
  [128, 128, 1],
  [128, 256, 2],
  [256, 256, 1],
  [256, 512, 2],
  ...Array.from({ length: 5 }, () => [512, 512, 1] as const),
  [512, 1024, 2],
  [1024, 1024, 1],
];

/**
 * Float MobileNet v1 (Howard et al., 2017): convolution, batch norm, ReLU.
 * @throws InputError INVALID_OPTION
 */
export function mobileNetV1Definition(options: NetworkOptions): GraphDefinition {
  const { width, size, classes, headBits = 32, seed = 1 } = options;
  checkNetworkOptions(options);
  const writer = openWriter(size, seed);
  const finish = (name: string, input: Value): Value =>
    relu(writer, `${name}.relu`, batchNorm(writer, `${name}.norm`, input));
  const convolve = (name: string, input: Value, shape: ConvolutionShape): Value =>
    finish(name, convolution(writer, name, input, shape, 6));

  const stem = { outChannels: 32 * width, kernel: 3, stride: 2 };
  let value = finish('stem', convolution(writer, 'stem', IMAGE, stem, 3));
  for (const [index, [inputs, outputs, stride]] of BLOCKS.entries()) {
    const channels = inputs * width;
    const depthwise = { outChannels: channels, kernel: 3, stride, groups: channels };
    value = convolve(`blocks.${index}.0`, value, depthwise);
    value = convolve(`blocks.${index}.1`, value, { outChannels: outputs * width, kernel: 1 });
  }
  return writer.finish(head(writer, value, classes, headBits));
}

/** Float MobileNet v1 as a graph. */
export function mobileNetV1(options: NetworkOptions): Graph {
  const { json, tensors } = mobileNetV1Definition(options);
  return parseGraph(json, tensors);
}
