import type { Padding, Pair } from '../tensor.ts';
import { expectGroups, vectorOrNone } from './attributes.ts';
import { windowMacs } from './conv2d.ts';
import { filterBits } from './filter-bits.ts';
import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { linear } from './piecewise-linear.ts';
import { expectChannels, mapOf, windowed } from './shapes.ts';

/**
 * Convolution of a float value with weights of one bit (BWN, BinaryConnect) or ternary ones (TWN), zero
 * padding: alpha[o] * (the sum of the taps whose weight is +1, less that of those whose weight is -1).
 */
export interface BinaryWeightConv2dNode extends NodeBase {
  readonly op: 'binary_weight_conv2d';
  /** Packed bits like those of binary_conv2d: 1 is +1, 0 is -1. */
  readonly weight: BigUint64Array;
  /** Packed in the same way, of ternary weights: 0 is a weight of 0, whose bit in `weight` is 0. */
  readonly nonzero: BigUint64Array | undefined;
  readonly alpha: Float32Array | undefined;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation?: Pair | undefined;
  readonly padding: Padding;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
}

export const binaryWeightConv2d: Operation<BinaryWeightConv2dNode> = {
  op: 'binary_weight_conv2d',
  inputs: 1,
  attributes: [
    'weight',
    'nonzero',
    'alpha',
    'kernel',
    'in_channels',
    'out_channels',
    'stride',
    'padding',
    'groups',
    'dilation',
  ],
  parse(a) {
    const kernel = a.pair('kernel');
    const inChannels = a.integer('in_channels', 1);
    const outChannels = a.integer('out_channels', 1);
    const groups = a.integerOr('groups', 1, 1);
    expectGroups(a, groups, inChannels, outChannels);
    const elements = kernel[0] * kernel[1] * (inChannels / groups);
    const weight = filterBits(a, 'weight', outChannels, elements);
    const nonzero = a.has('nonzero') ? filterBits(a, 'nonzero', outChannels, elements) : undefined;
    if (nonzero !== undefined && weight.some((word, at) => (word & ~nonzero[at]!) !== 0n)) {
      throw a.invalid('a weight is +1 and 0', 'bits that are 0 in nonzero must be 0 in weight');
    }
    return {
      weight,
      nonzero,
      alpha: vectorOrNone(a, 'alpha', outChannels),
      kernel,
      stride: a.pair('stride'),
      dilation: a.pairOrNone('dilation'),
      padding: a.padding('padding'),
      groups,
      inChannels,
      outChannels,
    };
  },
  shape(node, [input]) {
    expectChannels(node, 'it', node.inChannels, input!);
    return windowed(node, node.outChannels, mapOf(node, input!));
  },
  // A sum or difference is counted as a multiply-add: the paper has none for it.
  cost(node, shape) {
    const filter = node.kernel[0] * node.kernel[1] * (node.inChannels / node.groups);
    return {
      ...NO_COST,
      floatMacs: windowMacs(node, shape),
      derived: [node.alpha, node.nonzero],
      binaryParams: node.outChannels * filter,
    };
  },
  start: (node) => (channel) => linear(node.alpha?.[channel] ?? 1, 0, 0),
};
