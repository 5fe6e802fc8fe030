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
  /**
   * Numbers that training learns; a binary weight is one. What is worked out from others is not
   * counted (PyTorch's `parameters()` does the same): alpha, the means and variances of batch norm,
   * the factors of 8-bit weights.
   */
  readonly params: number;
  /** Those of them that are single bits. */
  readonly binaryParams: number;
  /** Bits that all constants take: 1 for a binary weight, 8 for I8, 32 for float32. */
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
  return {
    nodes,
    flops: sum(nodes, (cost) => cost.flops),
    floatMacs: sum(nodes, (cost) => cost.floatMacs),
    binaryMacs: sum(nodes, (cost) => cost.binaryMacs),
    params: sum(nodes, (cost) => cost.params),
    binaryParams: sum(nodes, (cost) => cost.binaryParams),
    bits: sum(nodes, (cost) => cost.bits),
  };
}

function nodeCost(node: GraphNode, shape: Shape): NodeCost {
  const floatMacs = node.op === 'binary_conv2d' ? 0 : multiplyAdds(node, shape);
  const binaryMacs = node.op === 'binary_conv2d' ? multiplyAdds(node, shape) : 0;
  const { learned, derived, binaryParams } = constants(node);
  const params = binaryParams + sum(learned, (array) => array.length);
  const storedBytes = sum([...learned, ...derived], (array) => array.byteLength);
  return {
    name: node.name,
    op: node.op,
    shape,
    flops: floatMacs + binaryMacs / 64,
    floatMacs,
    binaryMacs,
    params,
    binaryParams,
    bits: storedBytes * 8 + binaryParams,
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

interface Constants {
  /** Learned numbers that are not single bits. */
  readonly learned: readonly (Float32Array | Int8Array)[];
  /** Those worked out from others. */
  readonly derived: readonly Float32Array[];
  readonly binaryParams: number;
}

function constants(node: GraphNode): Constants {
  const present = <T>(...arrays: (T | undefined)[]) =>
    arrays.filter((array) => array !== undefined);
  switch (node.op) {
    case 'conv2d':
      return { learned: present(node.weight, node.bias), derived: [], binaryParams: 0 };
    case 'binary_conv2d': {
      const filter = node.kernel[0] * node.kernel[1] * (node.inChannels / node.groups);
      const binaryParams = node.outChannels * filter;
      return { learned: [], derived: present(node.alpha), binaryParams };
    }
    case 'sign':
      return { learned: present(node.threshold), derived: [], binaryParams: 0 };
    case 'batch_norm': {
      const learned = [node.gamma, node.beta];
      return { learned, derived: [node.mean, node.variance], binaryParams: 0 };
    }
    case 'affine':
      return { learned: present(node.scale, node.bias), derived: [], binaryParams: 0 };
    case 'prelu':
      return { learned: [node.slope], derived: [], binaryParams: 0 };
    case 'dense': {
      const learned = present<Float32Array | Int8Array>(node.weight, node.bias);
      return { learned, derived: present(node.weightScale), binaryParams: 0 };
    }
    default:
      return { learned: [], derived: [], binaryParams: 0 };
  }
}

function sum<T>(items: readonly T[], pick: (item: T) => number): number {
  return items.reduce((total, item) => total + pick(item), 0);
}
