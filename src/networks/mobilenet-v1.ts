import type { Graph } from '../graph/graph.ts';
import { parseGraph } from '../graph/parse.ts';
import { batchNorm, convolution, head, relu } from './layers.ts';
import { checkNetworkOptions, type NetworkOptions } from './options.ts';
import { type GraphDefinition, type GraphWriter, IMAGE, openWriter, type Value } from './writer.ts';

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

function finish(writer: GraphWriter, name: string, input: Value, rectifies = true): Value {
  const normal = batchNorm(writer, `${name}.norm`, input);
  return rectifies ? relu(writer, `${name}.relu`, normal) : normal;
}

/** The first convolution, of stride 2. */
export function floatStem(writer: GraphWriter, width: number): Value {
  const stem = { outChannels: 32 * width, kernel: 3, stride: 2 };
  return finish(writer, 'stem', convolution(writer, 'stem', IMAGE, stem, 3));
}

/**
 * Block `index` of MobileNet v1: a depthwise and a pointwise convolution, each with batch norm and ReLU.
 * @param rectifies whether a ReLU ends it
 */
export function floatBlock(
  writer: GraphWriter,
  input: Value,
  index: number,
  width: number,
  rectifies = true,
): Value {
  const [, outputs, stride] = BLOCKS[index]!;
  const name = `blocks.${index}`;
  const depthwise = { outChannels: input.channels, kernel: 3, stride, groups: input.channels };
  const spread = finish(writer, `${name}.0`, convolution(writer, `${name}.0`, input, depthwise, 6));
  const pointwise = { outChannels: outputs * width, kernel: 1 };
  const mixed = convolution(writer, `${name}.1`, spread, pointwise, 6);
  return finish(writer, `${name}.1`, mixed, rectifies);
}

/**
 * Float MobileNet v1 (Howard et al., 2017): convolution, batch norm, ReLU.
 * @throws InputError INVALID_OPTION
 */
export function mobileNetV1Definition(options: NetworkOptions): GraphDefinition {
  const { width, size, classes, headBits = 32, seed = 1 } = options;
  checkNetworkOptions(options);
  const writer = openWriter(size, seed);
  let value = floatStem(writer, width);
  for (const index of BLOCKS.keys()) value = floatBlock(writer, value, index, width);
  return writer.finish(head(writer, value, classes, headBits));
}

/** Float MobileNet v1 as a graph. */
export function mobileNetV1(options: NetworkOptions): Graph {
  const { json, tensors } = mobileNetV1Definition(options);
  return parseGraph(json, tensors);
}
