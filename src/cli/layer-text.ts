/** Operations as the table of layers names them; one that is missing does not compile. */

import type { GraphNode, NodeOfOp, OpName } from '../ops/index.ts';
import type { Pair } from '../tensor.ts';

const TEXTS: { readonly [Op in OpName]: (node: NodeOfOp<Op>) => string } = {
  conv2d: (node) => convolutionText('conv', node),
  sign: () => 'sign',
  levels: ({ bits }) => `${bits} bits`,
  binary_conv2d: (node) =>
    convolutionText(node.bits > 1 ? `binary conv of ${node.bits} bits` : 'binary conv', node),
  binary_weight_conv2d: (node) =>
    convolutionText(node.nonzero ? 'ternary-weight conv' : 'binary-weight conv', node),
  batch_norm: () => 'batch norm',
  affine: () => 'affine',
  prelu: () => 'prelu',
  relu: () => 'relu',
  hard_tanh: () => 'hard tanh',
  sigmoid: () => 'sigmoid',
  round: () => 'round',
  add: () => 'add',
  multiply: () => 'multiply',
  concat: () => 'concat',
  average_pool2d: ({ kernel }) => `average pool ${by(kernel)}`,
  max_pool2d: ({ kernel }) => `max pool ${by(kernel)}`,
  global_average_pool: () => 'global average pool',
  flatten: () => 'flatten',
  dense: ({ weight }) => (weight instanceof Int8Array ? 'dense, 8 bits' : 'dense'),
};

/** Such as `binary conv 3x3, 8 per group`. */
export function layerText(node: GraphNode): string {
  return (TEXTS[node.op] as (node: GraphNode) => string)(node);
}

function by([height, width]: Pair): string {
  return `${height}x${width}`;
}

function convolutionText(
  kind: string,
  node: { kernel: Pair; stride: Pair; inChannels: number; groups: number },
): string {
  const [down, across] = node.stride;
  const steps = down === across ? `${down}` : by(node.stride);
  const stride = steps === '1' ? '' : `, stride ${steps}`;
  const groups = node.groups === 1 ? '' : `, ${node.inChannels / node.groups} per group`;
  return `${kind} ${by(node.kernel)}${stride}${groups}`;
}
