/** The graph's JSON and the file's tensors to a checked Graph. */

import { GraphError, ModelFormatError } from '../errors.ts';
import { type Attributes, attributesOf } from './attributes.ts';
import type {
  BatchNormNode,
  BinaryConv2dNode,
  Conv2dNode,
  DenseNode,
  Graph,
  GraphNode,
  Int16Stream,
  Shape,
  Tensor,
} from './graph.ts';
import { isRecord, showJson } from './json.ts';
import { inferShape } from './shapes.ts';

/** Feature maps and vectors larger than this are refused: 2^28 numbers, 1 GiB. */
const MAX_VALUE_SIZE = 2 ** 28;

const MAX_NODES = 10_000;

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
  const binary = new Set<string>();
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
    if (node.op === 'sign') binary.add(node.name);
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
  binary: ReadonlySet<string>,
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

function checkBinary(node: GraphNode, binary: ReadonlySet<string>): void {
  const wanted = node.op === 'binary_conv2d';
  for (const name of node.inputs) {
    if (binary.has(name) === wanted) continue;
    throw new GraphError(
      'GRAPH_INVALID',
      `${node.op} ${node.name} reads ${name}, which is ${wanted ? 'not binary' : 'binary'}`,
      { hint: 'only binary_conv2d reads the value of a sign, and it reads nothing else' },
    );
  }
}

function checkSize(node: GraphNode, shape: Shape): void {
  const size = shape.reduce((product, side) => product * side, 1);
  if (size <= MAX_VALUE_SIZE) return;
  throw new GraphError('SHAPE_MISMATCH', `${node.op} ${node.name} makes ${size} numbers`, {
    hint: `at most ${MAX_VALUE_SIZE}`,
  });
}

type Parser = (base: { name: string; inputs: string[] }, attributes: Attributes) => GraphNode;

interface Operation {
  /** How many; `many` is two or more. */
  readonly inputs: 1 | 2 | 'many';
  /** All its attributes, those that may be absent too. */
  readonly attributes: readonly string[];
  readonly parse: Parser;
}

const WINDOW = ['kernel', 'stride', 'padding'];

const OPERATIONS: Readonly<Record<GraphNode['op'], Operation>> = {
  conv2d: {
    inputs: 1,
    attributes: ['weight', 'bias', 'stride', 'padding', 'groups'],
    parse: parseConv2d,
  },
  sign: {
    inputs: 1,
    attributes: ['threshold'],
    parse: (base, a) => ({ ...base, op: 'sign', threshold: a.floatsOrNone('threshold', 1)?.data }),
  },
  binary_conv2d: {
    inputs: 1,
    attributes: [
      'weight',
      'alpha',
      'in_channels',
      'out_channels',
      ...WINDOW,
      'padding_value',
      'groups',
    ],
    parse: parseBinaryConv2d,
  },
  batch_norm: {
    inputs: 1,
    attributes: ['mean', 'variance', 'gamma', 'beta', 'epsilon'],
    parse: parseBatchNorm,
  },
  affine: {
    inputs: 1,
    attributes: ['scale', 'bias'],
    parse: (base, a) => ({
      ...base,
      op: 'affine',
      scale: a.floatsOrNone('scale', 1)?.data,
      bias: a.floatsOrNone('bias', 1)?.data,
    }),
  },
  prelu: {
    inputs: 1,
    attributes: ['slope'],
    parse: (base, a) => ({ ...base, op: 'prelu', slope: a.floats('slope', 1).data }),
  },
  relu: {
    inputs: 1,
    attributes: ['max'],
    parse: (base, a) => ({ ...base, op: 'relu', max: a.numberOr('max', 0, undefined) }),
  },
  add: { inputs: 2, attributes: [], parse: (base) => ({ ...base, op: 'add' }) },
  concat: { inputs: 'many', attributes: [], parse: (base) => ({ ...base, op: 'concat' }) },
  average_pool2d: { inputs: 1, attributes: WINDOW, parse: parsePool('average_pool2d') },
  max_pool2d: { inputs: 1, attributes: WINDOW, parse: parsePool('max_pool2d') },
  global_average_pool: {
    inputs: 1,
    attributes: [],
    parse: (base) => ({ ...base, op: 'global_average_pool' }),
  },
  flatten: { inputs: 1, attributes: [], parse: (base) => ({ ...base, op: 'flatten' }) },
  dense: { inputs: 1, attributes: ['weight', 'weight_scale', 'bias'], parse: parseDense },
};

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
  const operation = OPERATIONS[op as GraphNode['op']];
  const attributes = attributesOf(json, `${op} ${name}`, tensors);
  attributes.only(['name', 'op', 'inputs', ...operation.attributes]);
  const inputs = attributes.names('inputs');
  const enough =
    operation.inputs === 'many' ? inputs.length >= 2 : inputs.length === operation.inputs;
  if (!enough) {
    const wanted = operation.inputs === 'many' ? 'two or more' : operation.inputs;
    throw attributes.invalid(`inputs has ${inputs.length} names`, `it must have ${wanted}`);
  }
  return operation.parse({ name, inputs }, attributes);
}

/** A tensor must have exactly the shape that the other attributes give it. */
function expectShape(a: Attributes, key: string, tensor: Tensor, shape: readonly number[]): void {
  if (tensor.shape.every((size, index) => size === shape[index])) return;
  throw new ModelFormatError(
    'TENSOR_MISMATCH',
    `${a.name}: ${key} is [${tensor.shape.join(', ')}]`,
    { hint: `by the other attributes it must be [${shape.join(', ')}]` },
  );
}

/** A float vector of `length`, if it is there. */
function vectorOrNone(a: Attributes, key: string, length: number): Float32Array | undefined {
  const tensor = a.floatsOrNone(key, 1);
  if (tensor !== undefined) expectShape(a, key, tensor, [length]);
  return tensor?.data;
}

function expectGroups(
  a: Attributes,
  groups: number,
  inChannels: number,
  outChannels: number,
): void {
  if (inChannels % groups === 0 && outChannels % groups === 0) return;
  throw a.invalid(
    `${groups} groups of ${inChannels} input and ${outChannels} output channels`,
    'the number of groups must divide both',
  );
}

function parseConv2d(base: { name: string; inputs: string[] }, a: Attributes): Conv2dNode {
  const weight = a.floats('weight', 4);
  const [outChannels, groupChannels, kernelHeight, kernelWidth] = weight.shape as [
    number,
    number,
    number,
    number,
  ];
  const groups = a.integerOr('groups', 1, 1);
  if (weight.data.length === 0) throw a.invalid('its weight is empty', 'no dimension may be 0');
  expectGroups(a, groups, groupChannels * groups, outChannels);
  return {
    ...base,
    op: 'conv2d',
    weight: weight.data,
    bias: vectorOrNone(a, 'bias', outChannels),
    kernel: [kernelHeight, kernelWidth],
    stride: a.pair('stride'),
    padding: a.padding('padding'),
    groups,
    inChannels: groupChannels * groups,
    outChannels,
  };
}

function parseBinaryConv2d(
  base: { name: string; inputs: string[] },
  a: Attributes,
): BinaryConv2dNode {
  const kernel = a.pair('kernel');
  const inChannels = a.integer('in_channels', 1);
  const outChannels = a.integer('out_channels', 1);
  const groups = a.integerOr('groups', 1, 1);
  expectGroups(a, groups, inChannels, outChannels);
  const elements = kernel[0] * kernel[1] * (inChannels / groups);
  const weight = a.tensor('weight', ['U64'], 2);
  const words = Math.ceil(elements / 64);
  expectShape(a, 'weight', weight, [outChannels, words]);
  expectZeroPast(a, weight.data, words, elements);
  const paddingValue = a.numberOr('padding_value', -1, 0);
  if (paddingValue !== 0 && paddingValue !== 1 && paddingValue !== -1) {
    throw a.invalid(`padding_value is ${paddingValue}`, 'it must be 0, 1 or -1');
  }
  return {
    ...base,
    op: 'binary_conv2d',
    weight: weight.data,
    alpha: vectorOrNone(a, 'alpha', outChannels),
    kernel,
    stride: a.pair('stride'),
    padding: a.padding('padding'),
    groups,
    inChannels,
    outChannels,
    paddingValue,
  };
}

/** Bits past the end of a filter take part in the count: they must be 0. */
function expectZeroPast(
  a: Attributes,
  weight: BigUint64Array,
  words: number,
  elements: number,
): void {
  if (elements % 64 === 0) return;
  const past = ~((1n << BigInt(elements % 64)) - 1n);
  for (let at = words - 1; at < weight.length; at += words) {
    if ((weight[at]! & past) === 0n) continue;
    throw new ModelFormatError(
      'TENSOR_MISMATCH',
      `${a.name}: filter ${(at + 1) / words - 1} has bits past its ${elements} elements`,
      { hint: 'they must be 0' },
    );
  }
}

function parseBatchNorm(base: { name: string; inputs: string[] }, a: Attributes): BatchNormNode {
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
  return {
    ...base,
    op: 'batch_norm',
    mean: mean.data,
    variance,
    gamma: vector('gamma'),
    beta: vector('beta'),
    epsilon,
  };
}

function parsePool(op: 'average_pool2d' | 'max_pool2d'): Parser {
  return (base, a) => {
    const kernel = a.pair('kernel');
    const padding = a.padding('padding');
    const [top, left, bottom, right] = padding;
    if (Math.max(top, bottom) >= kernel[0] || Math.max(left, right) >= kernel[1]) {
      throw a.invalid(
        `padding [${padding.join(', ')}] for a kernel of ${kernel.join('x')}`,
        'the padding must be smaller than the kernel, so that no window is empty',
      );
    }
    return { ...base, op, kernel, stride: a.pair('stride'), padding };
  };
}

function parseDense(base: { name: string; inputs: string[] }, a: Attributes): DenseNode {
  const weight = a.tensor('weight', ['F32', 'I8'], 2);
  const [outChannels, inChannels] = weight.shape as [number, number];
  if (weight.data.length === 0) throw a.invalid('its weight is empty', 'no dimension may be 0');
  const weightScale = vectorOrNone(a, 'weight_scale', outChannels);
  if (weight.dtype === 'F32') {
    a.floats('weight', 2);
    if (weightScale !== undefined) {
      throw a.invalid('weight_scale beside float weights', 'it belongs to I8 weights only');
    }
  } else if (weightScale === undefined) {
    throw a.invalid('I8 weights without weight_scale', 'give a factor for each output');
  }
  return {
    ...base,
    op: 'dense',
    weight: weight.data,
    weightScale,
    bias: vectorOrNone(a, 'bias', outChannels),
    inChannels,
    outChannels,
  };
}
