import { type Padding, type Pair, type Shape, sizeOf } from '../tensor.ts';
import { expectGroups, vectorOrNone } from './attributes.ts';
import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { linear } from './piecewise-linear.ts';
import { convolved } from './shapes.ts';

/** Float convolution with zero padding; `weight` is `[O, I / groups, kernelHeight, kernelWidth]`. */
export interface Conv2dNode extends NodeBase {
  readonly op: 'conv2d';
  readonly weight: Float32Array;
  readonly bias: Float32Array | undefined;
  readonly kernel: Pair;
  readonly stride: Pair;
  /** From one tap to the next; absent, 1. */
  readonly dilation?: Pair | undefined;
  readonly padding: Padding;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
}

export const conv2d: Operation<Conv2dNode> = {
  op: 'conv2d',
  inputs: 1,
  attributes: ['weight', 'bias', 'stride', 'padding', 'groups', 'dilation'],
  parse(a) {
    const weight = a.floats('weight', 4);
    const [outChannels, groupChannels, kernelHeight, kernelWidth] = weight.shape as [
      number,
      number,
      number,
      number,
    ];
    const groups = a.integerOr('groups', 1, 1);
    if (weight.data.length === 0) throw a.invalid('its weight is empty', 'no dimension may be 0');
    expectGroups(a, groups, groupChannels * groups, outChannels);
    return {
      weight: weight.data,
      bias: vectorOrNone(a, 'bias', outChannels),
      kernel: [kernelHeight, kernelWidth],
      stride: a.pair('stride'),
      dilation: a.pairOrNone('dilation'),
      padding: a.padding('padding'),
      groups,
      inChannels: groupChannels * groups,
      outChannels,
    };
  },
  shape: convolved,
  cost: (node, shape) => ({
    ...NO_COST,
    floatMacs: windowMacs(node, shape),
    learned: [node.weight, node.bias],
  }),
  start: (node) => (channel) => linear(1, 0, node.bias?.[channel] ?? 0),
};

/** Multiply-adds of a convolution, float or binary. */
export function windowMacs(
  node: { kernel: Pair; inChannels: number; groups: number },
  shape: Shape,
): number {
  return sizeOf(shape) * node.kernel[0] * node.kernel[1] * (node.inChannels / node.groups);
}
