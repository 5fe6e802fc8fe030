/** What the pools have in common. */

import type { Padding, Pair } from '../tensor.ts';
import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { mapOf, windowed } from './shapes.ts';

export interface Pool2dNode extends NodeBase {
  readonly op: 'average_pool2d' | 'max_pool2d';
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  /** From one tap to the next, of a maximum; absent, 1. */
  readonly dilation?: Pair | undefined;
}

/** All of a pool but its name. */
export const pool2d: Omit<Operation<Pool2dNode>, 'op'> = {
  inputs: 1,
  attributes: ['kernel', 'stride', 'padding'],
  parse(a) {
    const kernel = a.pair('kernel');
    const padding = a.padding('padding');
    const [top, left, bottom, right] = padding;
    if (Math.max(top, bottom) >= kernel[0] || Math.max(left, right) >= kernel[1]) {
      throw a.invalid(
        `padding [${padding.join(', ')}] for a kernel of ${kernel.join('x')}`,
        'the padding must be smaller than the kernel, so that no window is empty',
      );
    }
    return { kernel, stride: a.pair('stride'), padding };
  },
  shape: (node, [input]) => windowed(node, input![0], mapOf(node, input!)),
  cost: () => NO_COST,
};
