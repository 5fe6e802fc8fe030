import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { expectPerChannel } from './shapes.ts';

/** +1 where x > threshold (0 where none is given), else -1; so sign(0) = -1 (paper, eq. 1). */
export interface SignNode extends NodeBase {
  readonly op: 'sign';
  /** One a channel, or one for all. */
  readonly threshold: Float32Array | undefined;
}

export const sign: Operation<SignNode> = {
  op: 'sign',
  inputs: 1,
  makesBits: () => 1,
  attributes: ['threshold'],
  parse: (a) => ({ threshold: a.floatsOrNone('threshold', 1)?.data }),
  shape(node, [input]) {
    expectPerChannel(node, 'threshold', node.threshold, input!);
    return input!;
  },
  cost: (node) => ({ ...NO_COST, learned: [node.threshold] }),
};
