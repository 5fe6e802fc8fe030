import { windowMacs } from './conv2d.ts';
import {
  FILTER_ATTRIBUTES,
  type FilterBits,
  filterElements,
  parseFilterBits,
} from './filter-bits.ts';
import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { linear } from './piecewise-linear.ts';
import { convolved } from './shapes.ts';

/**
 * Binary convolution of a binary value: alpha[o] * sum of products of +-1 (paper, eq. 3), or of +-1 and
 * the odd numbers of `levels`. A tap outside the picture counts as `paddingValue` times the largest
 * of them; 0 adds nothing.
 */
export interface BinaryConv2dNode extends NodeBase, FilterBits {
  readonly op: 'binary_conv2d';
  readonly paddingValue: -1 | 0 | 1;
  /** Of a number that it reads: 1 for signs, else those of `levels`. */
  readonly bits: number;
}

export const binaryConv2d: Operation<BinaryConv2dNode> = {
  op: 'binary_conv2d',
  inputs: 1,
  readsBits: ({ bits }) => bits,
  attributes: [...FILTER_ATTRIBUTES, 'padding_value', 'bits'],
  parse(a) {
    const paddingValue = a.numberOr('padding_value', -1, 0);
    if (paddingValue !== 0 && paddingValue !== 1 && paddingValue !== -1) {
      throw a.invalid(`padding_value is ${paddingValue}`, 'it must be 0, 1 or -1');
    }
    return { ...parseFilterBits(a), paddingValue, bits: a.integerOr('bits', 1, 1) };
  },
  shape: convolved,
  cost: (node, shape) => ({
    ...NO_COST,
    binaryMacs: node.bits * windowMacs(node, shape),
    derived: [node.alpha],
    binaryParams: node.outChannels * filterElements(node),
  }),
  start(node) {
    const { most, step } = countScale(node);
    return (channel) => linear(-step * (node.alpha?.[channel] ?? 1), most / step);
  },
};

/** The numbers that a binary convolution's epilogue sees: x = (most - dot) / `step`. */
export interface CountScale {
  /** The largest sum of a full window. */
  readonly most: number;
  /** 2 where most - dot is always even, else 1. */
  readonly step: 1 | 2;
}

/** The largest of the numbers that bits stand for. */
export function largestOf(bits: number): number {
  return 2 ** bits - 1;
}

export function countScale(node: BinaryConv2dNode): CountScale {
  const groupChannels = node.inChannels / node.groups;
  const padded = node.padding.some((pixels) => pixels > 0) && node.paddingValue === 0;
  return {
    most: largestOf(node.bits) * filterElements(node),
    step: padded && groupChannels % 2 === 1 ? 1 : 2,
  };
}
