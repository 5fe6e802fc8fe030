import { expectShape } from './attributes.ts';
import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { rescale } from './piecewise-linear.ts';
import { expectChannels } from './shapes.ts';

/** gamma * (x - mean) / sqrt(variance + epsilon) + beta, per channel. */
export interface BatchNormNode extends NodeBase {
  readonly op: 'batch_norm';
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
  readonly epsilon: number;
}

export const batchNorm: Operation<BatchNormNode> = {
  op: 'batch_norm',
  inputs: 1,
  attributes: ['mean', 'variance', 'gamma', 'beta', 'epsilon'],
  parse(a) {
    const mean = a.floats('mean', 1);
    const vector = (key: string) => {
      const tensor = a.floats(key, 1);
      expectShape(a, key, tensor, mean.shape);
      return tensor.data;
    };
    const epsilon = a.number('epsilon', 0);
    const variance = vector('variance');
    const bad = variance.findIndex((x) => !(Math.fround(x + epsilon) > 0));
    if (bad >= 0) {
      throw a.invalid(
        `variance + epsilon is ${Math.fround(variance[bad]! + epsilon)} in channel ${bad}`,
        'it must be positive',
      );
    }
    return { mean: mean.data, variance, gamma: vector('gamma'), beta: vector('beta'), epsilon };
  },
  shape(node, [input]) {
    expectChannels(node, 'it', node.mean.length, input!);
    return input!;
  },
  cost: (node) => ({
    ...NO_COST,
    learned: [node.gamma, node.beta],
    derived: [node.mean, node.variance],
  }),
  fold: (node) => ({
    kinked: false,
    apply(f, channel) {
      const deviation = Math.sqrt(node.variance[channel]! + node.epsilon);
      const scale = node.gamma[channel]! / deviation;
      rescale(f, scale, node.beta[channel]! - node.mean[channel]! * scale);
    },
  }),
};
