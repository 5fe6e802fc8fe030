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
 * Binary convolution of a binary value: alpha[o] * sum of products of +-1 (paper, eq. 3).
 * A tap outside the picture counts as `paddingValue`; 0 adds nothing.
 */
export interface BinaryConv2dNode extends NodeBase, FilterBits {
  readonly op: 'binary_conv2d';
  readonly paddingValue: -1 | 0 | 1;
}

export const binaryConv2d: Operation<BinaryConv2dNode> = {
  op: 'binary_conv2d',
  inputs: 1,
  readsBinary: true,
  attributes: [...FILTER_ATTRIBUTES, 'padding_value'],
  parse(a) {
    const paddingValue = a.numberOr('padding_value', -1, 0);
    if (paddingValue !== 0 && paddingValue !== 1 && paddingValue !== -1) {
      throw a.invalid(`padding_value is ${paddingValue}`, 'it must be 0, 1 or -1');
    }
    return { ...parseFilterBits(a), paddingValue };
  },
  shape: convolved,
  cost: (node, shape) => ({
    ...NO_COST,
    binaryMacs: windowMacs(node, shape),
    derived: [node.alpha],
    binaryParams: node.outChannels * filterElements(node),
  }),
  start(node) {
    const { taps, step } = countScale(node);
    return (channel) => linear(-step * (node.alpha?.[channel] ?? 1), taps / step);
  },
};

/** The numbers that a binary convolution's epilogue sees: x = (taps - dot) / `step`. */
export interface CountScale {
  /** Products of a full window. */
  readonly taps: number;
  /** 2 where taps - dot is always even, else 1. */
  readonly step: 1 | 2;
}

export function countScale(node: BinaryConv2dNode): CountScale {
  const groupChannels = node.inChannels / node.groups;
  const padded = node.padding.some((pixels) => pixels > 0) && node.paddingValue === 0;
  return {
    taps: filterElements(node),
    step: padded && groupChannels % 2 === 1 ? 1 : 2,
  };
}
