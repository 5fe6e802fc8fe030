/**
 * What a network costs, counted as the paper counts: multiply-adds of convolutions, dense layers and
 * products of values, a binary one being 1/64 of a float one.
 */

import { type GraphNode, operationOf } from '../ops/index.ts';
import type { Shape } from '../tensor.ts';
import type { Graph } from './graph.ts';

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
  const { floatMacs, binaryMacs, learned, derived, binaryParams } = operationOf(node).cost(
    node,
    shape,
  );
  const params = binaryParams + sum(learned, (array) => array?.length ?? 0);
  const storedBytes = sum([...learned, ...derived], (array) => array?.byteLength ?? 0);
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

function sum<T>(items: readonly T[], pick: (item: T) => number): number {
  return items.reduce((total, item) => total + pick(item), 0);
}
