import type { Graph, Int16Stream } from '../graph/graph.ts';
import { parseGraph } from '../graph/parse.ts';
import {
  averagePool,
  batchNorm,
  binaryConvolution,
  type ConvolutionShape,
  convolution,
  convolutionOfSigns,
  head,
  prelu,
  shiftedSign,
} from './layers.ts';
import { BLOCKS, floatBlock, floatStem } from './mobilenet-v1.ts';
import { checkNetworkOptions, checkOption, type NetworkOptions } from './options.ts';
import { type GraphDefinition, type GraphWriter, IMAGE, openWriter, type Value } from './writer.ts';

export interface MobinetOptions extends NetworkOptions {
  /**
   * Which of the paper's blocks; `none` is MobileNet binarised as it is, without skips. `lean`, not of the
   * paper, is a float depthwise convolution and a binary pointwise one, with skips.
   */
  readonly block: 'none' | 'pre' | 'mid' | 'post' | 'lean';
  /** 2^k channels a group in the 3x3 convolutions, 0..4; fewer channels than that are one group. */
  readonly k: number;
  /** Thresholds of a sign: so many binary convolutions of the same weights are added up; default 1. */
  readonly levels?: number;
  /** So many blocks, from the first, are float, those of MobileNet v1; default 0. */
  readonly floatBlocks?: number;
  /** How feature maps are kept; absent, as float32. */
  readonly stream?: Int16Stream | undefined;
}

type Layer = ConvolutionShape & { readonly float?: boolean };

/** The convolutions of a block, in order, as (in, out) -> shapes. */
const LAYOUTS: Readonly<
  Record<MobinetOptions['block'], (inputs: number, outputs: number, k: number) => readonly Layer[]>
> = {
  none: (inputs, outputs, k) => [depthwise(inputs, k), pointwise(outputs)],
  pre: (_, outputs, k) => [pointwise(outputs), depthwise(outputs, k), pointwise(outputs)],
  mid: (inputs, outputs, k) => [depthwise(inputs, k), pointwise(outputs), pointwise(outputs)],
  post: (inputs, outputs, k) => [depthwise(inputs, k), pointwise(inputs), pointwise(outputs)],
  lean: (inputs, outputs) => [
    { outChannels: inputs, kernel: 3, groups: inputs, float: true },
    pointwise(outputs),
  ],
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
  return writer.add(`${name}.add`, 'add', [normal, skip(writer, name, input, channels)], channels);
}

/** The input of a unit, concatenated with itself where the unit doubles the channels. */
function skip(writer: GraphWriter, name: string, input: Value, channels: number): Value {
  if (channels === input.channels) return input;
  return writer.add(`${name}.double`, 'concat', [input, input], channels);
}

/** The same with several thresholds, without PReLU; the levels share weights and constants. */
function unitOfLevels(
  writer: GraphWriter,
  name: string,
  input: Value,
  shape: ConvolutionShape,
  levels: number,
  skips: boolean,
): Value {
  const channels = shape.outChannels;
  let total = skips && channels === input.channels ? input : undefined;
  for (let level = 0; level < levels; level += 1) {
    const part = `${name}.${level}`;
    const about = (2 * level + 1) / levels - 1;
    const signs = shiftedSign(writer, `${part}.sign`, input, about);
    const sums = convolutionOfSigns(writer, part, signs, { ...shape, constants: name });
    const normal = batchNorm(writer, `${part}.norm`, sums, 1, `${name}.norm`);
    if (level === 0 && skips) total = skip(writer, name, input, channels);
    total =
      total === undefined ? normal : writer.add(`${part}.add`, 'add', [normal, total], channels);
  }
  return total!;
}

/** A float depthwise convolution with batch norm, and its input. */
function floatUnit(
  writer: GraphWriter,
  name: string,
  input: Value,
  shape: ConvolutionShape,
): Value {
  const normal = batchNorm(writer, `${name}.norm`, convolution(writer, name, input, shape, 3));
  return writer.add(`${name}.add`, 'add', [normal, input], input.channels);
}

function stemOf(writer: GraphWriter, width: number): Value {
  const stem = { outChannels: 32 * width, kernel: 3, stride: 2 };
  const normal = batchNorm(writer, 'stem.norm', convolution(writer, 'stem', IMAGE, stem, 3));
  return prelu(writer, 'stem.prelu', normal);
}

/**
 * MoBiNet (paper, section 3; the layers are worked out from its FLOPs): stem, thirteen blocks, head.
 * @throws InputError INVALID_OPTION
 */
export function mobinetDefinition(options: MobinetOptions): GraphDefinition {
  const { block, k, width, size, classes, headBits = 32, seed = 1, stream } = options;
  const { levels = 1, floatBlocks = 0 } = options;
  checkNetworkOptions(options);
  checkOption(Object.hasOwn(LAYOUTS, block), `block is ${block}`, Object.keys(LAYOUTS).join(', '));
  checkOption(Number.isInteger(k) && k >= 0 && k <= 4, `k is ${k}`, 'a whole number from 0 to 4');
  checkOption(
    Number.isInteger(levels) && levels >= 1 && levels <= 8,
    `levels is ${levels}`,
    '1 to 8',
  );
  const known = Number.isInteger(floatBlocks) && floatBlocks >= 0 && floatBlocks <= BLOCKS.length;
  checkOption(known, `floatBlocks is ${floatBlocks}`, `0 to ${BLOCKS.length}`);
  const writer = openWriter(size, seed);
  const skips = block !== 'none';
  let value = floatBlocks > 0 ? floatStem(writer, width) : stemOf(writer, width);
  for (const [index, [inputs, outputs, stride]] of BLOCKS.entries()) {
    if (index < floatBlocks) {
      value = floatBlock(writer, value, index, width, index !== floatBlocks - 1);
      continue;
    }
    for (const [place, layer] of LAYOUTS[block](inputs * width, outputs * width, k).entries()) {
      const name = `blocks.${index}.${place}`;
      const { float = false, ...shape } = layer;
      if (float) value = floatUnit(writer, name, value, shape);
      else if (levels === 1) value = unit(writer, name, value, shape, skips);
      else value = unitOfLevels(writer, name, value, shape, levels, skips);
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
