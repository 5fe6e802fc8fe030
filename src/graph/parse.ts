/** The graph's JSON and the file's tensors to a checked Graph. */

import { GraphError } from '../errors.ts';
import { isRecord, showJson } from '../json.ts';
import { attributesOf } from '../ops/attributes.ts';
import { type GraphNode, inferShape, OPERATIONS, type OpName, operationOf } from '../ops/index.ts';
import { type Shape, sizeOf, type Tensor } from '../tensor.ts';
import type { Graph, Int16Stream } from './graph.ts';

/** Feature maps and vectors larger than this are refused: 2^28 numbers, 1 GiB. */
const MAX_VALUE_SIZE = 2 ** 28;

const MAX_NODES = 10_000;

/** Values that one node may read. */
const MAX_INPUTS = 1024;

/**
 * @param json the value of the metadata's `graph`
 * @throws GraphError GRAPH_INVALID, UNKNOWN_OPERATION, SHAPE_MISMATCH;
 *   ModelFormatError TENSOR_MISSING, TENSOR_MISMATCH
 */
export function parseGraph(json: unknown, tensors: ReadonlyMap<string, Tensor>): Graph {
  if (!isRecord(json)) {
    throw new GraphError('GRAPH_INVALID', 'The graph is not a JSON object', {
      hint: 'it has the members inputs, nodes and outputs',
    });
  }
  const input = parseInput(json.inputs);
  const shapes = new Map<string, Shape>([[input.name, input.shape]]);
  const binary = new Map<string, number>();
  const nodes: GraphNode[] = [];
  if (!Array.isArray(json.nodes) || json.nodes.length === 0) {
    throw new GraphError('GRAPH_INVALID', 'The graph has no nodes', { hint: 'a non-empty array' });
  }
  if (json.nodes.length > MAX_NODES) {
    throw new GraphError('GRAPH_INVALID', `The graph has ${json.nodes.length} nodes`, {
      hint: `at most ${MAX_NODES}`,
    });
  }
  for (const [index, nodeJson] of json.nodes.entries()) {
    const node = parseNode(nodeJson, index, tensors);
    checkNames(node, shapes);
    checkBinary(node, binary);
    const inputs = node.inputs.map((name) => shapes.get(name)!);
    const shape = inferShape(node, inputs);
    checkSize(node, shape);
    shapes.set(node.name, shape);
    const bits = operationOf(node).makesBits?.(node);
    if (bits !== undefined) binary.set(node.name, bits);
    nodes.push(node);
  }
  const output = parseOutput(json.outputs, nodes, binary);
  return { input, output, nodes, shapes, stream: parseStream(json.stream) };
}

function parseInput(json: unknown): Graph['input'] {
  const first: unknown = Array.isArray(json) && json.length === 1 ? json[0] : undefined;
  if (!isRecord(first)) {
    throw new GraphError('GRAPH_INVALID', 'The graph does not have exactly one input', {
      hint: 'inputs: [{ "name": "image", "shape": [3, height, width] }]',
    });
  }
  const { name, shape } = first;
  const fits =
    typeof name === 'string' &&
    name !== '' &&
    Array.isArray(shape) &&
    shape.length === 3 &&
    shape.every((size) => Number.isSafeInteger(size) && size > 0) &&
    shape[0] * shape[1] * shape[2] <= MAX_VALUE_SIZE;
  if (!fits) {
    throw new GraphError('GRAPH_INVALID', `The input is ${showJson(name)} ${showJson(shape)}`, {
      hint: 'a name and a shape [channels, height, width] of positive whole numbers',
    });
  }
  return { name, shape: shape as unknown as [number, number, number] };
}

function parseOutput(
  json: unknown,
  nodes: readonly GraphNode[],
  binary: ReadonlyMap<string, number>,
): string {
  const name: unknown = Array.isArray(json) && json.length === 1 ? json[0] : undefined;
  const node = nodes.find((candidate) => candidate.name === name);
  if (node === undefined || binary.has(node.name)) {
    throw new GraphError('GRAPH_INVALID', `The outputs are ${showJson(json)}`, {
      hint: 'exactly one, the name of a node with a float value',
    });
  }
  return node.name;
}

function parseStream(json: unknown): Int16Stream | undefined {
  if (json === undefined) return undefined;
  const { type, fraction } = isRecord(json) ? json : {};
  const fits =
    Number.isInteger(fraction) && 0 <= (fraction as number) && (fraction as number) <= 15;
  if (type === 'int16' && fits) return { type, fraction: fraction as number };
  throw new GraphError('GRAPH_INVALID', `The stream is ${showJson(json)}`, {
    hint: '{ "type": "int16", "fraction": 0 to 15 }, or none for float32',
  });
}

function checkNames(node: GraphNode, shapes: ReadonlyMap<string, Shape>): void {
  if (shapes.has(node.name)) {
    throw new GraphError('GRAPH_INVALID', `Two values are called ${node.name}`, {
      hint: 'names must be unique',
    });
  }
  for (const name of node.inputs) {
    if (shapes.has(name)) continue;
    throw new GraphError('GRAPH_INVALID', `${node.op} ${node.name} reads ${name}, unknown there`, {
      hint: 'a node may read only the input and nodes before it',
    });
  }
}

const BITS = ['', 'a sign', 'levels of 2 bits', 'levels of 3 bits', 'levels of 4 bits'] as const;

function checkBinary(node: GraphNode, binary: ReadonlyMap<string, number>): void {
  const wanted = operationOf(node).readsBits?.(node);
  for (const name of node.inputs) {
    const bits = binary.get(name);
    if (bits === wanted) continue;
    const counts = bits === undefined ? 'not binary' : wanted ? BITS[bits] : 'binary';
    throw new GraphError(
      'GRAPH_INVALID',
      `${node.op} ${node.name} reads ${name}, which is ${counts}`,
      {
        hint: 'only binary_conv2d reads a sign, or levels of its number of bits, and it reads nothing else',
      },
    );
  }
}

function checkSize(node: GraphNode, shape: Shape): void {
  const size = sizeOf(shape);
  if (size <= MAX_VALUE_SIZE) return;
  throw new GraphError('SHAPE_MISMATCH', `${node.op} ${node.name} makes ${size} numbers`, {
    hint: `at most ${MAX_VALUE_SIZE}`,
  });
}

function parseNode(json: unknown, index: number, tensors: ReadonlyMap<string, Tensor>): GraphNode {
  if (!isRecord(json)) {
    throw new GraphError('GRAPH_INVALID', `Node ${index} is not a JSON object`, {
      hint: 'it has the members name, op and inputs',
    });
  }
  const name = attributesOf(json, `Node ${index}`, tensors).string('name');
  const op = attributesOf(json, `Node ${name}`, tensors).string('op');
  if (!Object.hasOwn(OPERATIONS, op)) {
    throw new GraphError('UNKNOWN_OPERATION', `Node ${name} has the operation ${showJson(op)}`, {
      hint: `known are ${Object.keys(OPERATIONS).join(', ')}`,
    });
  }
  const operation = OPERATIONS[op as OpName];
  const attributes = attributesOf(json, `${op} ${name}`, tensors);
  attributes.only(['name', 'op', 'inputs', ...operation.attributes]);
  const inputs = attributes.names('inputs');
  const enough =
    operation.inputs === 'many'
      ? inputs.length >= 2 && inputs.length <= MAX_INPUTS
      : inputs.length === operation.inputs;
  if (!enough) {
    const wanted = operation.inputs === 'many' ? `2 to ${MAX_INPUTS}` : operation.inputs;
    throw attributes.invalid(`inputs has ${inputs.length} names`, `it must have ${wanted}`);
  }
  return { name, op, inputs, ...operation.parse(attributes) } as GraphNode;
}
