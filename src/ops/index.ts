/**
 * The table of operations: the only list of them. A new one is a file in this folder and a line here; what it
 * lacks elsewhere (kernels, the oracle) then does not compile.
 */

import type { Shape } from '../tensor.ts';
import { add } from './add.ts';
import { affine } from './affine.ts';
import { averagePool2d } from './average_pool2d.ts';
import { batchNorm } from './batch_norm.ts';
import { binaryConv2d } from './binary_conv2d.ts';
import { binaryWeightConv2d } from './binary_weight_conv2d.ts';
import { concat } from './concat.ts';
import { conv2d } from './conv2d.ts';
import { dense } from './dense.ts';
import { flatten } from './flatten.ts';
import { globalAveragePool } from './global_average_pool.ts';
import { hardTanh } from './hard_tanh.ts';
import { levels } from './levels.ts';
import { maxPool2d } from './max_pool2d.ts';
import { multiply } from './multiply.ts';
import type { NodeBase, NodeOf, Operation } from './operation.ts';
import { prelu } from './prelu.ts';
import { relu } from './relu.ts';
import { round } from './round.ts';
import { sigmoid } from './sigmoid.ts';
import { sign } from './sign.ts';

export const OPERATIONS = {
  conv2d,
  sign,
  levels,
  binary_conv2d: binaryConv2d,
  binary_weight_conv2d: binaryWeightConv2d,
  batch_norm: batchNorm,
  affine,
  prelu,
  relu,
  hard_tanh: hardTanh,
  sigmoid,
  round,
  add,
  multiply,
  concat,
  average_pool2d: averagePool2d,
  max_pool2d: maxPool2d,
  global_average_pool: globalAveragePool,
  flatten,
  dense,
};

export type OpName = keyof typeof OPERATIONS;

/** A node of an operation. */
export type NodeOfOp<Op extends OpName> = NodeOf<(typeof OPERATIONS)[Op]>;

/** A node of any operation. */
export type GraphNode = { [Op in OpName]: NodeOfOp<Op> }[OpName];

/** The operation of that name, for nodes of it. */
export function operationOf<Node extends NodeBase & { op: OpName }>(node: Node): Operation<Node> {
  return OPERATIONS[node.op] as unknown as Operation<Node>;
}

/**
 * The shape of a node's value.
 * @param inputs shapes of the node's inputs, in order
 * @throws GraphError SHAPE_MISMATCH
 */
export function inferShape(node: GraphNode, inputs: readonly Shape[]): Shape {
  return operationOf(node).shape(node, inputs);
}
