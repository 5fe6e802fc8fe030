import type { Graph } from '../../src/graph/graph.ts';
import type { NodeOfOp, OpName } from '../../src/ops/index.ts';
import type { Value } from './operations.ts';
import * as operations from './operations.ts';

/** Each operation as the oracle computes it; one that is missing does not compile. */
const ORACLE: {
  readonly [Op in OpName]: (inputs: readonly Value[], node: NodeOfOp<Op>) => Value;
} = {
  conv2d: ([input], node) => operations.conv2d(input!, node),
  sign: ([input], node) => operations.sign(input!, node),
  levels: ([input], node) => operations.levels(input!, node),
  binary_conv2d: ([input], node) => operations.binaryConv2d(input!, node),
  binary_weight_conv2d: ([input], node) => operations.binaryWeightConv2d(input!, node),
  batch_norm: ([input], node) => operations.batchNorm(input!, node),
  affine: ([input], node) => operations.affine(input!, node),
  prelu: ([input], node) => operations.prelu(input!, node),
  relu: ([input], node) => operations.relu(input!, node),
  hard_tanh: ([input]) => operations.hardTanh(input!),
  sigmoid: ([input]) => operations.sigmoid(input!),
  round: ([input], node) => operations.roundBetween(input!, node),
  add: ([first, second]) => operations.add(first!, second!),
  multiply: ([value, factor]) => operations.multiply(value!, factor!),
  concat: (inputs) => operations.concat(inputs),
  average_pool2d: ([input], node) => operations.pool2d(input!, node),
  max_pool2d: ([input], node) => operations.pool2d(input!, node),
  global_average_pool: ([input]) => operations.globalAveragePool(input!),
  flatten: ([input]) => operations.flatten(input!),
  dense: ([input], node) => operations.dense(input!, node),
};

/**
 * Every value of a graph for one input, by the plain operations.
 * @param input float32 `[C, H, W]`
 * @returns values by name, planar; signs as +-1
 */
export function evaluateGraph(graph: Graph, input: Float32Array): Map<string, Float32Array> {
  const values = new Map<string, Value>();
  values.set(graph.input.name, { shape: graph.input.shape, data: input });
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => values.get(name)!);
    const oracle = ORACLE[node.op] as (inputs: readonly Value[], node: unknown) => Value;
    values.set(node.name, oracle(inputs, node));
  }
  return new Map([...values].map(([name, value]) => [name, value.data]));
}
