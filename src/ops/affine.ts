import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { rescale } from './piecewise-linear.ts';
import { expectPerChannel, perChannel } from './shapes.ts';

/** x * scale + bias, per channel. */
export interface AffineNode extends NodeBase {
  readonly op: 'affine';
  /** One a channel, or one for all. */
  readonly scale: Float32Array | undefined;
  readonly bias: Float32Array | undefined;
}

export const affine: Operation<AffineNode> = {
  op: 'affine',
  inputs: 1,
  attributes: ['scale', 'bias'],
  parse: (a) => ({
    scale: a.floatsOrNone('scale', 1)?.data,
    bias: a.floatsOrNone('bias', 1)?.data,
  }),
  shape(node, [input]) {
    expectPerChannel(node, 'scale', node.scale, input!);
    expectPerChannel(node, 'bias', node.bias, input!);
    return input!;
  },
  cost: (node) => ({ ...NO_COST, learned: [node.scale, node.bias] }),
  fold: (node) => ({
    kinked: false,
    apply: (f, channel) =>
      rescale(f, perChannel(node.scale, channel, 1), perChannel(node.bias, channel, 0)),
  }),
};
