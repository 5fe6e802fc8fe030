/** Shape inference: the shape of a node's value from those of its inputs. Pure functions. */

import { GraphError } from '../errors.ts';
import type { GraphNode, Padding, Pair, Shape } from './graph.ts';

export function describeShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

function mismatch(node: GraphNode, message: string, hint: string): GraphError {
  return new GraphError('SHAPE_MISMATCH', `${node.op} ${node.name}: ${message}`, { hint });
}

/** Height and width of a feature map. */
function mapOf(node: GraphNode, shape: Shape): readonly [number, number, number] {
  if (shape.length === 3) return shape;
  throw mismatch(node, `its input is a vector ${describeShape(shape)}`, 'it wants [C, H, W]');
}

function expectChannels(node: GraphNode, what: string, channels: number, shape: Shape): void {
  if (channels === shape[0]) return;
  throw mismatch(
    node,
    `${what} is for ${channels} channels, its input is ${describeShape(shape)}`,
    'channels must agree',
  );
}

/** Places a window takes along one side. */
function places(
  node: GraphNode,
  size: number,
  before: number,
  after: number,
  kernel: number,
  stride: number,
): number {
  const room = size + before + after - kernel;
  if (room >= 0) return Math.floor(room / stride) + 1;
  throw mismatch(
    node,
    `a window of ${kernel} does not fit ${size} pixels with padding ${before} and ${after}`,
    'a smaller kernel or more padding',
  );
}

function windowed(
  node: GraphNode & { kernel: Pair; stride: Pair; padding: Padding },
  channels: number,
  [, height, width]: readonly [number, number, number],
): Shape {
  const [top, left, bottom, right] = node.padding;
  return [
    channels,
    places(node, height, top, bottom, node.kernel[0], node.stride[0]),
    places(node, width, left, right, node.kernel[1], node.stride[1]),
  ];
}

function same(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, index) => size === b[index]);
}

/**
 * @param inputs shapes of the node's inputs, in order
 * @throws GraphError SHAPE_MISMATCH
 */
export function inferShape(node: GraphNode, inputs: readonly Shape[]): Shape {
  const input = inputs[0]!;
  switch (node.op) {
    case 'conv2d':
    case 'binary_conv2d':
      expectChannels(node, 'it', node.inChannels, input);
      return windowed(node, node.outChannels, mapOf(node, input));
    case 'average_pool2d':
    case 'max_pool2d':
      return windowed(node, input[0], mapOf(node, input));
    case 'sign':
      if (node.threshold !== undefined) {
        expectChannels(node, 'threshold', node.threshold.length, input);
      }
      return input;
    case 'batch_norm':
      expectChannels(node, 'it', node.mean.length, input);
      return input;
    case 'affine':
      if (node.scale !== undefined) expectChannels(node, 'scale', node.scale.length, input);
      if (node.bias !== undefined) expectChannels(node, 'bias', node.bias.length, input);
      return input;
    case 'prelu':
      if (node.slope.length !== 1) expectChannels(node, 'slope', node.slope.length, input);
      return input;
    case 'relu':
      return input;
    case 'add':
      if (!same(input, inputs[1]!)) {
        const shapes = inputs.map(describeShape).join(' and ');
        throw mismatch(node, `its inputs are ${shapes}`, 'both must have one shape');
      }
      return input;
    case 'concat': {
      const maps = inputs.map((shape) => mapOf(node, shape));
      const [, height, width] = maps[0]!;
      if (maps.some((map) => map[1] !== height || map[2] !== width)) {
        const shapes = inputs.map(describeShape).join(' and ');
        throw mismatch(node, `its inputs are ${shapes}`, 'heights and widths must agree');
      }
      return [maps.reduce((sum, map) => sum + map[0], 0), height, width];
    }
    case 'global_average_pool':
      return [mapOf(node, input)[0]];
    case 'flatten':
      return [input.reduce((product, size) => product * size, 1)];
    case 'dense':
      if (input.length !== 1) {
        throw mismatch(
          node,
          `its input is a map ${describeShape(input)}`,
          'put global_average_pool or flatten before it',
        );
      }
      expectChannels(node, 'weight', node.inChannels, input);
      return [node.outChannels];
  }
}
