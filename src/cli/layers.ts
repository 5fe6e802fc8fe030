/** The layers of a network with what they cost; pages list them as well. */

import type { Cost, NodeCost } from '../graph/cost.ts';
import type { Graph } from '../graph/graph.ts';
import { type GraphNode, operationOf } from '../ops/index.ts';
import { stagesOf } from '../plan/fuse.ts';
import type { Shape } from '../tensor.ts';
import { layerText } from './layer-text.ts';

/** A row of the table: one stage, the nodes that run as one. */
export interface LayerDescription extends Cost {
  /** Name of its first node. */
  readonly name: string;
  readonly operation: string;
  /** All its nodes, in order. */
  readonly nodes: readonly string[];
  /** Of its result. */
  readonly shape: Shape;
}

/** Whether a node packs what others read as bits. */
function isBinary(node: GraphNode | undefined): boolean {
  return node !== undefined && operationOf(node).makesBits !== undefined;
}

/** One row per stage; a sign counts where its bits go in. */
export function layersOf(graph: Graph, costs: readonly NodeCost[]): LayerDescription[] {
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const costOf = new Map(costs.map((cost) => [cost.name, cost]));
  return stagesOf(graph).map((stage) => {
    const signs = stage.inputs.filter((input) => isBinary(nodes.get(input)));
    const names = [...signs, ...stage.nodes];
    const sum = (key: keyof Cost) =>
      names.reduce((total, name) => total + costOf.get(name)![key], 0);
    const first = nodes.get(stage.nodes[0]!)!;
    return {
      name: first.name,
      operation: layerText(first),
      nodes: names,
      shape: graph.shapes.get(stage.value)!,
      flops: sum('flops'),
      floatMacs: sum('floatMacs'),
      binaryMacs: sum('binaryMacs'),
      params: sum('params'),
      binaryParams: sum('binaryParams'),
      bits: sum('bits'),
    };
  });
}
