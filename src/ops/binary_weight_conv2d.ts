import { windowMacs } from './conv2d.ts';
import {
  FILTER_ATTRIBUTES,
  type FilterBits,
  filterBits,
  filterElements,
  parseFilterBits,
} from './filter-bits.ts';
import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { linear } from './piecewise-linear.ts';
import { convolved } from './shapes.ts';

/**
 * Convolution of a float value with weights of one bit (BWN, BinaryConnect) or ternary ones (TWN), zero
 * padding: alpha[o] * (the sum of the taps whose weight is +1, less that of those whose weight is -1).
 */
export interface BinaryWeightConv2dNode extends NodeBase, FilterBits {
  readonly op: 'binary_weight_conv2d';
  /** Packed as `weight`, of ternary weights: 0 is a weight of 0, whose bit in `weight` is 0. */
  readonly nonzero: BigUint64Array | undefined;
}

export const binaryWeightConv2d: Operation<BinaryWeightConv2dNode> = {
  op: 'binary_weight_conv2d',
  inputs: 1,
  attributes: [...FILTER_ATTRIBUTES, 'nonzero'],
  parse(a) {
    const filters = parseFilterBits(a);
    const { weight, outChannels } = filters;
    const nonzero = a.has('nonzero')
      ? filterBits(a, 'nonzero', outChannels, filterElements(filters))
      : undefined;
    if (nonzero !== undefined && weight.some((word, at) => (word & ~nonzero[at]!) !== 0n)) {
      throw a.invalid('a weight is +1 and 0', 'bits that are 0 in nonzero must be 0 in weight');
    }
    return { ...filters, nonzero };
  },
  shape: convolved,
  // A sum or difference is counted as a multiply-add: the paper has none for it.
  cost: (node, shape) => ({
    ...NO_COST,
    floatMacs: windowMacs(node, shape),
    derived: [node.alpha, node.nonzero],
    binaryParams: node.outChannels * filterElements(node),
  }),
  start: (node) => (channel) => linear(node.alpha?.[channel] ?? 1, 0, 0),
};
