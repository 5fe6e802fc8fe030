import type { Padding, Pair } from '../tensor.ts';
import { expectGroups, vectorOrNone } from './attributes.ts';
import { windowMacs } from './conv2d.ts';
import { filterBits } from './filter-bits.ts';
import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { linear } from './piecewise-linear.ts';
import { expectChannels, mapOf, windowed } from './shapes.ts';

/**
 * Binary convolution of a binary value: alpha[o] * sum of products of +-1 (paper, eq. 3).
 * A tap outside the picture counts as `paddingValue`; 0 adds nothing.
 */
export interface BinaryConv2dNode extends NodeBase {
  readonly op: 'binary_conv2d';
  /**
   * Packed bits `[O, ceil(kernelHeight * kernelWidth * I / groups / 64)]`: bit 1 is +1; element
   * `(y * kernelWidth + x) * (I / groups) + c` of a filter is bit `e mod 64` of word `e div 64`.
   */
  readonly weight: BigUint64Array;
  readonly alpha: Float32Array | undefined;
  readonly kernel: Pair;
  readonly stride: Pair;
  /** From one tap to the next; absent, 1. */
  readonly dilation?: Pair | undefined;
  readonly padding: Padding;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly paddingValue: -1 | 0 | 1;
}

export const binaryConv2d: Operation<BinaryConv2dNode> = {
  op: 'binary_conv2d',
  inputs: 1,
  readsBinary: true,
  attributes: [
    'weight',
    'alpha',
    'kernel',
    'in_channels',
    'out_channels',
    'stride',
    'padding',
    'padding_value',
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
    const paddingValue = a.numberOr('padding_value', -1, 0);
    if (paddingValue !== 0 && paddingValue !== 1 && paddingValue !== -1) {
      throw a.invalid(`padding_value is ${paddingValue}`, 'it must be 0, 1 or -1');
    }
    return {
      weight,
      alpha: vectorOrNone(a, 'alpha', outChannels),
      kernel,
      stride: a.pair('stride'),
      dilation: a.pairOrNone('dilation'),
      padding: a.padding('padding'),
      groups,
      inChannels,
      outChannels,
      paddingValue,
    };
  },
  shape(node, [input]) {
    expectChannels(node, 'it', node.inChannels, input!);
    return windowed(node, node.outChannels, mapOf(node, input!));
  },
  cost(node, shape) {
    const filter = node.kernel[0] * node.kernel[1] * (node.inChannels / node.groups);
    return {
      ...NO_COST,
      binaryMacs: windowMacs(node, shape),
      derived: [node.alpha],
      binaryParams: node.outChannels * filter,
    };
  },
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
    taps: node.kernel[0] * node.kernel[1] * groupChannels,
    step: padded && groupChannels % 2 === 1 ? 1 : 2,
  };
}
