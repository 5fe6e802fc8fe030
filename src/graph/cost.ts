/**
 * What a network costs, counted as the paper counts: multiply-adds of convolutions and dense layers,
 * a binary one being 1/64 of a float one.
 */

import type { Graph, GraphNode, Shape } from './graph.ts';

export interface Cost {
  /** Float multiply-adds + binary ones / 64. */
  readonly flops: number;
  readonly floatMacs: number;
  readonly binaryMacs: number;
  /** Trained numbers and the statistics of batch norm; a binary weight is one. */
  readonly params: number;
  /** Those of them that are single bits. */
  readonly binaryParams: number;
  /** Bits that the parameters take: 1 for a binary weight, 8 for I8, 32 for float32. */
  readonly bits: number;
}

export interface NodeCost extends Cost {
  readonly name: string;
  readonly op: GraphNode['op'];
  /** Of the node's value. */
  readonly shape: Shape;
}

export interface GraphCost extends Cost {
  readonly nodes: readonly NodeCost[];
}

export function graphCost(graph: Graph): GraphCost {
  const nodes = graph.nodes.map((node) => nodeCost(node, graph.shapes.get(node.name)!));
  const sum = (pick: (cost: Cost) => number) => nodes.reduce((total, n) => total + pick(n), 0);
  return {
    nodes,
    flops: sum((cost) => cost.flops),
    floatMacs: sum((cost) => cost.floatMacs),
    binaryMacs: sum((cost) => cost.binaryMacs),
    params: sum((cost) => cost.params),
    binaryParams: sum((cost) => cost.binaryParams),
    bits: sum((cost) => cost.bits),
  };
}

function nodeCost(node: GraphNode, shape: Shape): NodeCost {
  const floatMacs = node.op === 'binary_conv2d' ? 0 : multiplyAdds(node, shape);
  const binaryMacs = node.op === 'binary_conv2d' ? multiplyAdds(node, shape) : 0;
  const { floats, bytes, binaryParams } = parameters(node);
  return {
    name: node.name,
    op: node.op,
    shape,
    flops: floatMacs + binaryMacs / 64,
    floatMacs,
    binaryMacs,
    params: floats + bytes + binaryParams,
    binaryParams,
    bits: floats * 32 + bytes * 8 + binaryParams,
  };
}

function multiplyAdds(node: GraphNode, shape: Shape): number {
  switch (node.op) {
    case 'conv2d':
    case 'binary_conv2d': {
      const outputs = shape.reduce((product, size) => product * size, 1);
      return outputs * node.kernel[0] * node.kernel[1] * (node.inChannels / node.groups);
    }
    case 'dense':
      return node.inChannels * node.outChannels;
    default:
      return 0;
  }
}

/** Numbers of a node by how they are stored. */
function parameters(node: GraphNode): { floats: number; bytes: number; binaryParams: number } {
  const lengths = (...arrays: (Float32Array | undefined)[]) =>
    arrays.reduce((sum, array) => sum + (array?.length ?? 0), 0);
  const float = (...arrays: (Float32Array | undefined)[]) => ({
    floats: lengths(...arrays),
    bytes: 0,
    binaryParams: 0,
  });
  switch (node.op) {
    case 'conv2d':
      return float(node.weight, node.bias);
    case 'binary_conv2d': {
      const elements = node.kernel[0] * node.kernel[1] * (node.inChannels / node.groups);
      return { ...float(node.alpha), binaryParams: node.outChannels * elements };
    }
    case 'sign':
      return float(node.threshold);
    case 'batch_norm':
      return float(node.mean, node.variance, node.gamma, node.beta);
    case 'affine':
      return float(node.scale, node.bias);
    case 'prelu':
      return float(node.slope);
    case 'dense':
      return node.weight instanceof Float32Array
        ? float(node.weight, node.bias)
        : { ...float(node.weightScale, node.bias), bytes: node.weight.length };
    default:
      return float();
  }
}
