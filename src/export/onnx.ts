/**
 * The way back: a graph as an ONNX model, with `Sign` and float weights of +-alpha, so that what runs
 * here can be checked anywhere.
 */

import type { Graph } from '../graph/graph.ts';
import { type BinaryConv2dNode, largestOf } from '../ops/binary_conv2d.ts';
import type { BinaryWeightConv2dNode } from '../ops/binary_weight_conv2d.ts';
import type { Conv2dNode } from '../ops/conv2d.ts';
import type { GraphNode, NodeOfOp, OpName } from '../ops/index.ts';
import { thresholdsOfChannels } from '../ops/levels.ts';
import { dilationOf } from '../ops/shapes.ts';
import type { Padding, Pair, Shape } from '../tensor.ts';
import { type OnnxWriter, openOnnxWriter } from './onnx-model.ts';

/** Where a node is written: the model, the shape of its value and those of its inputs. */
interface Place {
  readonly writer: OnnxWriter;
  readonly shape: Shape;
  readonly inputShapes: readonly Shape[];
}

/** Writes the nodes of one of ours; the last makes the value `node.name`. */
type Write<Op extends OpName> = (place: Place, node: NodeOfOp<Op>) => void;

/**
 * An ONNX model of a graph, opset 17. Maps are `[1, C, H, W]`, vectors `[1, C]`; feature maps are float32
 * even where the graph keeps them as int16.
 * @param name of the model, for people
 */
export function graphToOnnx(graph: Graph, name: string): Uint8Array {
  const writer = openOnnxWriter();
  for (const node of graph.nodes) {
    const shape = graph.shapes.get(node.name)!;
    const inputShapes = node.inputs.map((input) => graph.shapes.get(input)!);
    (WRITE[node.op] as Write<OpName>)({ writer, shape, inputShapes }, node);
  }
  const batched = (value: string) => [1, ...graph.shapes.get(value)!];
  return writer.finish({
    name,
    input: { name: graph.input.name, shape: batched(graph.input.name) },
    output: { name: graph.output, shape: batched(graph.output) },
  });
}

/** Constants per channel, or one for all, in the shape that broadcasts over a value. */
function perChannel({ writer, shape }: Place, name: string, data: Float32Array): string {
  return writer.floats(name, shape.length === 3 ? [data.length, 1, 1] : [data.length], data);
}

function scalar({ writer }: Place, name: string, value: number): string {
  return writer.floats(name, [], Float32Array.of(value));
}

function windowOf(node: { kernel: Pair; stride: Pair; padding: Padding }) {
  return { kernel_shape: node.kernel, strides: node.stride, pads: node.padding };
}

function convolution(
  { writer }: Place,
  node: Conv2dNode | BinaryConv2dNode | BinaryWeightConv2dNode,
  input: string,
  constants: { weight: Float32Array; bias?: Float32Array | undefined; padding: Padding },
): void {
  const { name, kernel, groups, outChannels, inChannels } = node;
  const shape = [outChannels, inChannels / groups, ...kernel];
  const inputs = [input, writer.floats(`${name}.weight`, shape, constants.weight)];
  if (constants.bias) inputs.push(writer.floats(`${name}.bias`, [outChannels], constants.bias));
  writer.node('Conv', inputs, name, {
    ...windowOf({ ...node, padding: constants.padding }),
    dilations: dilationOf(node),
    group: groups,
  });
}

/** The weights +-alpha of packed bits, and 0 of ternary ones, `[O, I / groups, kernelHeight, kernelWidth]`. */
export function floatWeights(node: BinaryConv2dNode | BinaryWeightConv2dNode): Float32Array {
  const { weight, alpha, kernel, outChannels, inChannels, groups } = node;
  const channels = inChannels / groups;
  const area = kernel[0] * kernel[1];
  const words = weight.length / outChannels;
  // Little endian, as the file: word w is halves 2 w and 2 w + 1.
  const halvesOf = (bits: BigUint64Array) =>
    new Uint32Array(bits.buffer, bits.byteOffset, bits.length * 2);
  const halves = halvesOf(weight);
  const nonzero = 'nonzero' in node && node.nonzero ? halvesOf(node.nonzero) : undefined;
  const floats = new Float32Array(outChannels * channels * area);
  for (let output = 0; output < outChannels; output++) {
    const size = alpha?.[output] ?? 1;
    for (let tap = 0; tap < area; tap++) {
      for (let channel = 0; channel < channels; channel++) {
        const element = tap * channels + channel;
        const half = output * words * 2 + (element >> 5);
        const isSet = (bits: Uint32Array) => (bits[half]! >> (element & 31)) & 1;
        if (nonzero !== undefined && !isSet(nonzero)) continue;
        floats[(output * channels + channel) * area + tap] = isSet(halves) ? size : -size;
      }
    }
  }
  return floats;
}

function elementwise(operation: string): (place: Place, node: GraphNode) => void {
  return ({ writer }, { inputs, name }) => void writer.node(operation, inputs, name);
}

/** ONNX makes 0 of 0; less a half, its sign is -1. */
function signOf(
  place: Place,
  input: string,
  name: string,
  threshold: Float32Array | undefined,
): string {
  const { writer } = place;
  let value = input;
  if (threshold !== undefined) {
    const by = perChannel(place, `${name}.threshold`, threshold);
    value = writer.node('Sub', [value, by], `${name}.over`);
  }
  const three = writer.node('Sign', [value], `${name}.three`);
  const half = scalar(place, `${name}.half`, 0.5);
  return writer.node('Sign', [writer.node('Sub', [three, half], `${name}.two`)], name);
}

function clip(place: Place, { inputs, name }: GraphNode, min: number, max: number): void {
  const limits = [scalar(place, `${name}.min`, min), scalar(place, `${name}.max`, max)];
  place.writer.node('Clip', [inputs[0]!, ...limits], name);
}

const WRITE: { readonly [Op in OpName]: Write<Op> } = {
  conv2d: (place, node) => convolution(place, node, node.inputs[0]!, node),
  sign: (place, { name, inputs, threshold }) => void signOf(place, inputs[0]!, name, threshold),
  // The sum of the signs at all thresholds.
  levels(place, node) {
    const { writer, shape } = place;
    const { name, inputs } = node;
    const rows = thresholdsOfChannels(node, shape[0]);
    const signs = rows.map((row, at) => signOf(place, inputs[0]!, `${name}.${at}`, row));
    signs.reduce((sum, each, at) =>
      writer.node('Add', [sum, each], at === signs.length - 1 ? name : `${name}.sum${at}`),
    );
  },
  binary_conv2d(place, node) {
    const { writer } = place;
    const { name, padding, paddingValue, bits } = node;
    const weight = floatWeights(node);
    let [input] = node.inputs as [string];
    if (paddingValue === 0 || padding.every((side) => side === 0)) {
      convolution(place, node, input, { weight, padding });
      return;
    }
    const [top, left, bottom, right] = padding;
    const sides = writer.integers(`${name}.pads`, [0, 0, top, left, 0, 0, bottom, right]);
    const filler = scalar(place, `${name}.border_value`, paddingValue * largestOf(bits));
    input = writer.node('Pad', [input, sides, filler], `${name}.border`);
    convolution(place, node, input, { weight, padding: [0, 0, 0, 0] });
  },
  binary_weight_conv2d: (place, node) =>
    convolution(place, node, node.inputs[0]!, {
      weight: floatWeights(node),
      padding: node.padding,
    }),
  batch_norm(place, { name, inputs, gamma, beta, mean, variance, epsilon }) {
    const { writer } = place;
    const constants = Object.entries({ gamma, beta, mean, variance }).map(([key, data]) =>
      writer.floats(`${name}.${key}`, [data.length], data),
    );
    const attributes = { epsilon: { float: epsilon } };
    writer.node('BatchNormalization', [inputs[0]!, ...constants], name, attributes);
  },
  affine(place, { name, inputs, scale, bias }) {
    const { writer } = place;
    let [value] = inputs as [string];
    if (scale !== undefined) {
      const by = perChannel(place, `${name}.scale`, scale);
      value = writer.node('Mul', [value, by], bias === undefined ? name : `${name}.scaled`);
    }
    if (bias !== undefined) {
      writer.node('Add', [value, perChannel(place, `${name}.bias`, bias)], name);
    } else if (scale === undefined) writer.node('Identity', [value], name);
  },
  prelu(place, { name, inputs, slope }) {
    place.writer.node('PRelu', [inputs[0]!, perChannel(place, `${name}.slope`, slope)], name);
  },
  relu(place, node) {
    if (node.max !== undefined) clip(place, node, 0, node.max);
    else elementwise('Relu')(place, node);
  },
  hard_tanh: (place, node) => clip(place, node, -1, 1),
  sigmoid: elementwise('Sigmoid'),
  round(place, { name, inputs, min, max }) {
    const { writer } = place;
    const [value] = inputs as [string];
    const size = writer.node('Abs', [value], `${name}.size`);
    const half = scalar(place, `${name}.half`, 0.5);
    const raised = writer.node('Add', [size, half], `${name}.raised`);
    const whole = writer.node('Floor', [raised], `${name}.whole`);
    const side = writer.node('Sign', [value], `${name}.side`);
    const away = writer.node('Mul', [whole, side], `${name}.away`);
    const limits = [scalar(place, `${name}.min`, min), scalar(place, `${name}.max`, max)];
    writer.node('Clip', [away, ...limits], name);
  },
  add: elementwise('Add'),
  multiply({ writer, inputShapes }, { name, inputs }) {
    const [value, factor] = inputs as [string, string];
    if (inputShapes[0]!.length === inputShapes[1]!.length) {
      writer.node('Mul', [value, factor], name);
      return;
    }
    const axes = writer.integers(`${name}.axes`, [2, 3]);
    const map = writer.node('Unsqueeze', [factor, axes], `${name}.factor`);
    writer.node('Mul', [value, map], name);
  },
  concat: ({ writer }, { name, inputs }) => void writer.node('Concat', inputs, name, { axis: 1 }),
  average_pool2d({ writer }, node) {
    const attributes = { ...windowOf(node), count_include_pad: 0 };
    writer.node('AveragePool', node.inputs, node.name, attributes);
  },
  max_pool2d({ writer }, node) {
    const attributes = { ...windowOf(node), dilations: dilationOf(node) };
    writer.node('MaxPool', node.inputs, node.name, attributes);
  },
  global_average_pool({ writer }, { name, inputs }) {
    const map = writer.node('GlobalAveragePool', inputs, `${name}.map`);
    writer.node('Flatten', [map], name, { axis: 1 });
  },
  flatten: ({ writer }, { name, inputs }) => void writer.node('Flatten', inputs, name, { axis: 1 }),
  dense({ writer }, { name, inputs, weight, weightScale, bias, inChannels, outChannels }) {
    const floats =
      weight instanceof Float32Array
        ? weight
        : Float32Array.from(weight, (w, at) => w * weightScale![Math.floor(at / inChannels)]!);
    const constants = [writer.floats(`${name}.weight`, [outChannels, inChannels], floats)];
    if (bias !== undefined) constants.push(writer.floats(`${name}.bias`, [outChannels], bias));
    writer.node('Gemm', [inputs[0]!, ...constants], name, { transB: 1 });
  },
};
