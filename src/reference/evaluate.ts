import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Value } from './operations.ts';
import * as operations from './operations.ts';

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
    values.set(node.name, evaluateNode(node, inputs));
  }
  return new Map([...values].map(([name, value]) => [name, value.data]));
}

function evaluateNode(node: GraphNode, inputs: readonly Value[]): Value {
  const input = inputs[0]!;
  switch (node.op) {
    case 'conv2d':
      return operations.conv2d(input, node);
    case 'sign':
      return operations.sign(input, node);
    case 'binary_conv2d':
      return operations.binaryConv2d(input, node);
    case 'batch_norm':
      return operations.batchNorm(input, node);
    case 'affine':
      return operations.affine(input, node);
    case 'prelu':
      return operations.prelu(input, node);
    case 'relu':
      return operations.relu(input, node);
    case 'add':
      return operations.add(input, inputs[1]!);
    case 'concat':
      return operations.concat(inputs);
    case 'average_pool2d':
    case 'max_pool2d':
      return operations.pool2d(input, node);
    case 'global_average_pool':
      return operations.globalAveragePool(input);
    case 'flatten':
      return operations.flatten(input);
    case 'dense':
      return operations.dense(input, node);
  }
}
