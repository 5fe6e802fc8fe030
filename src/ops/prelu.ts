import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { rectify } from './piecewise-linear.ts';
import { expectPerChannel, perChannel } from './shapes.ts';

/** x where x > 0, else slope * x; one slope a channel, or one for all. */
export interface PreluNode extends NodeBase {
  readonly op: 'prelu';
  readonly slope: Float32Array;
}

export const prelu: Operation<PreluNode> = {
  op: 'prelu',
  inputs: 1,
  attributes: ['slope'],
  parse: (a) => ({ slope: a.floats('slope', 1).data }),
  shape(node, [input]) {
    expectPerChannel(node, 'slope', node.slope, input!);
    return input!;
  },
  cost: (node) => ({ ...NO_COST, learned: [node.slope] }),
  fold: (node) => ({
    kinked: true,
    apply: (f, channel) => rectify(f, perChannel(node.slope, channel, 1)),
  }),
};
