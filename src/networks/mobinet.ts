import type { Graph, Int16Stream } from '../graph/graph.ts';
import { parseGraph } from '../graph/parse.ts';
import {
  averagePool,
  batchNorm,
  binaryConvolution,
  type ConvolutionShape,
  convolution,
  head,
  prelu,
} from './layers.ts';
import { BLOCKS } from './mobilenet-v1.ts';
import { checkNetworkOptions, checkOption, type NetworkOptions } from './options.ts';
import { type GraphDefinition, type GraphWriter, IMAGE, openWriter, type Value } from './writer.ts';

export interface MobinetOptions extends NetworkOptions {
  /** Which of the paper's blocks; `none` is MobileNet binarised as it is, without skips. */
  readonly block: 'none' | 'pre' | 'mid' | 'post';
  /** 2^k channels a group in the 3x3 convolutions, 0..4; fewer channels than that are one group. */
  readonly k: number;
  /** How feature maps are kept; absent, as float32. */
  readonly stream?: Int16Stream | undefined;
}

/** The convolutions of a block, in order, as (in, out) -> shapes. */
const LAYOUTS: Readonly<
  Record<
    MobinetOptions['block'],
    (inputs: number, outputs: number, k: number) => readonly ConvolutionShape[]
  >
> = {
  none: (inputs, outputs, k) => [depthwise(inputs, k), pointwise(outputs)],
  pre: (_, outputs, k) => [pointwise(outputs), depthwise(outputs, k), pointwise(outputs)],
  mid: (inputs, outputs, k) => [depthwise(inputs, k), pointwise(outputs), pointwise(outputs)],
  post: (inputs, outputs, k) => [depthwise(inputs, k), pointwise(inputs), pointwise(outputs)],
};

function depthwise(channels: number, k: number): ConvolutionShape {
  const groups = Math.max(1, channels / 2 ** k);
  checkOption(
    Number.isInteger(groups),
    `k is ${k}: ${channels} channels are not in groups of ${2 ** k}`,
    'the channels of a group must divide those of every 3x3 convolution, where it has more',
  );
  return { outChannels: channels, kernel: 3, groups };
}

function pointwise(outChannels: number): ConvolutionShape {
  return { outChannels, kernel: 1 };
}

/** sign -> binary convolution with alpha -> PReLU -> batch norm, and the skip where there is one. */
function unit(
  writer: GraphWriter,
  name: string,
  input: Value,
  shape: ConvolutionShape,
  skips: boolean,
): Value {
  const sums = binaryConvolution(writer, name, input, shape);
  const normal = batchNorm(writer, `${name}.norm`, prelu(writer, `${name}.prelu`, sums));
  if (!skips) return normal;
  const { channels } = normal;
  const skip =
    channels === input.channels
      ? input
      : writer.add(`${name}.double`, 'concat', [input, input], channels);
  return writer.add(`${name}.add`, 'add', [normal, skip], channels);
}

/**
 * MoBiNet (paper, section 3; the layers are worked out from its FLOPs): stem, thirteen blocks, head.
 * @throws InputError INVALID_OPTION
 */
export function mobinetDefinition(options: MobinetOptions): GraphDefinition {
  const { block, k, width, size, classes, headBits = 32, seed = 1, stream } = options;
  checkNetworkOptions(options);
  checkOption(Object.hasOwn(LAYOUTS, block), `block is ${block}`, 'none, pre, mid or post');
  checkOption(Number.isInteger(k) && k >= 0 && k <= 4, `k is ${k}`, 'a whole number from 0 to 4');
  const writer = openWriter(size, seed);
  const stem = { outChannels: 32 * width, kernel: 3, stride: 2 };
  const normal = batchNorm(writer, 'stem.norm', convolution(writer, 'stem', IMAGE, stem, 3));
  let value = prelu(writer, 'stem.prelu', normal);
  for (const [index, [inputs, outputs, stride]] of BLOCKS.entries()) {
    const shapes = LAYOUTS[block](inputs * width, outputs * width, k);
    for (const [place, shape] of shapes.entries()) {
      value = unit(writer, `blocks.${index}.${place}`, value, shape, block !== 'none');
    }
    if (stride === 2) value = averagePool(writer, `blocks.${index}.pool`, value);
  }
  return writer.finish(head(writer, value, classes, headBits), stream);
}

/** MoBiNet as a graph. */
export function mobinet(options: MobinetOptions): Graph {
  const { json, tensors } = mobinetDefinition(options);
  return parseGraph(json, tensors);
}
