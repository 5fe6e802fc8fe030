import type { Graph } from '../../src/graph/graph.ts';
import type { BinaryConv2dNode } from '../../src/ops/binary_conv2d.ts';
import type { Conv2dNode } from '../../src/ops/conv2d.ts';
import type { GraphNode } from '../../src/ops/index.ts';
import type { Padding, Pair, Shape } from '../../src/tensor.ts';
import type { Random } from './random.ts';

/** Puts graphs together by hand, node after node, for tests of what runs them. */
export interface GraphBuilder {
  /** Adds a node of the given output shape; returns its name. */
  add(node: GraphNode, shape: Shape): string;
  shape(value: string): Shape;
  finish(output: string): Graph;
}

export function graphBuilder(inputShape: readonly [number, number, number]): GraphBuilder {
  const nodes: GraphNode[] = [];
  const shapes = new Map<string, Shape>([['image', inputShape]]);
  return {
    add(node, shape) {
      nodes.push(node);
      shapes.set(node.name, shape);
      return node.name;
    },
    shape: (value) => shapes.get(value)!,
    finish: (output) => ({ input: { name: 'image', shape: inputShape }, output, nodes, shapes }),
  };
}

/** A convolution, but for its weights. */
export interface ConvolutionCase {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
}

export function describeCase(c: ConvolutionCase): string {
  const shape = `${c.inChannels}->${c.outChannels}/${c.groups} at ${c.height}x${c.width}`;
  return `${shape}, ${c.kernel.join('x')} stride ${c.stride.join('x')} padding ${c.padding.join(',')}`;
}

export function outputSize(c: ConvolutionCase): [number, number] {
  const [top, left, bottom, right] = c.padding;
  return [
    Math.floor((c.height + top + bottom - c.kernel[0]) / c.stride[0]) + 1,
    Math.floor((c.width + left + right - c.kernel[1]) / c.stride[1]) + 1,
  ];
}

/** Random packed bits, `[outChannels][words]`, with zeros past the end of each filter. */
export function randomBits(random: Random, filters: number, elements: number): BigUint64Array {
  const words = Math.ceil(elements / 64);
  const bits = new BigUint64Array(filters * words);
  for (let filter = 0; filter < filters; filter++) {
    for (let element = 0; element < elements; element++) {
      if (random.next() < 0.5) continue;
      bits[filter * words + (element >> 6)]! |= 1n << BigInt(element & 63);
    }
  }
  return bits;
}

export function binaryConv2d(
  name: string,
  input: string,
  c: ConvolutionCase,
  random: Random,
  extra: Partial<BinaryConv2dNode> = {},
): BinaryConv2dNode {
  const elements = c.kernel[0] * c.kernel[1] * (c.inChannels / c.groups);
  return {
    name,
    op: 'binary_conv2d',
    inputs: [input],
    weight: randomBits(random, c.outChannels, elements),
    alpha: undefined,
    kernel: c.kernel,
    stride: c.stride,
    padding: c.padding,
    paddingValue: 0,
    bits: 1,
    groups: c.groups,
    inChannels: c.inChannels,
    outChannels: c.outChannels,
    ...extra,
  };
}

/** A float convolution whose weights are multiples of 1/8, so that its sums are exact. */
export function conv2d(
  name: string,
  input: string,
  c: ConvolutionCase,
  random: Random,
): Conv2dNode {
  const size = c.outChannels * (c.inChannels / c.groups) * c.kernel[0] * c.kernel[1];
  return {
    name,
    op: 'conv2d',
    inputs: [input],
    weight: random.floats(size, random.eighth),
    bias: random.floats(c.outChannels, random.eighth),
    kernel: c.kernel,
    stride: c.stride,
    padding: c.padding,
    groups: c.groups,
    inChannels: c.inChannels,
    outChannels: c.outChannels,
  };
}
