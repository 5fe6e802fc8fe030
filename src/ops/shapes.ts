/** What the shape rules of operations share. */

import { GraphError } from '../errors.ts';
import { type MapShape, type Padding, type Pair, type Shape, showShape } from '../tensor.ts';
import type { NodeBase } from './operation.ts';

export function mismatch(node: NodeBase, message: string, hint: string): GraphError {
  return new GraphError('SHAPE_MISMATCH', `${node.op} ${node.name}: ${message}`, { hint });
}

/** The shape, which must be a feature map's. */
export function mapOf(node: NodeBase, shape: Shape): MapShape {
  if (shape.length === 3) return shape;
  throw mismatch(node, `its input is a vector ${showShape(shape)}`, 'it wants [C, H, W]');
}

export function expectChannels(node: NodeBase, what: string, channels: number, shape: Shape): void {
  if (channels === shape[0]) return;
  throw mismatch(
    node,
    `${what} is for ${channels} channels, its input is ${showShape(shape)}`,
    'channels must agree',
  );
}

/** Constants `[C]`, or `[1]` for all channels; absent ones fit any shape. */
export function expectPerChannel(
  node: NodeBase,
  what: string,
  constants: Float32Array | undefined,
  shape: Shape,
): void {
  if (constants === undefined || constants.length === 1) return;
  expectChannels(node, what, constants.length, shape);
}

/** Of constants `[C]` or `[1]`, the one of a channel; `absent` where there are none. */
export function perChannel(
  constants: Float32Array | undefined,
  channel: number,
  absent: number,
): number {
  if (constants === undefined) return absent;
  return constants[constants.length === 1 ? 0 : channel]!;
}

/** Places that a window takes along one side. */
function places(
  node: NodeBase,
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

/** The map that a convolution makes. */
export function convolved(
  node: Parameters<typeof windowed>[0] & { inChannels: number; outChannels: number },
  [input]: readonly Shape[],
): Shape {
  expectChannels(node, 'it', node.inChannels, input!);
  return windowed(node, node.outChannels, mapOf(node, input!));
}

/** The map that a window makes as it slides over another. */
export function windowed(
  node: NodeBase & { kernel: Pair; stride: Pair; padding: Padding; dilation?: Pair | undefined },
  channels: number,
  [, height, width]: MapShape,
): Shape {
  const [top, left, bottom, right] = node.padding;
  const [down, across] = dilationOf(node);
  return [
    channels,
    places(node, height, top, bottom, down * (node.kernel[0] - 1) + 1, node.stride[0]),
    places(node, width, left, right, across * (node.kernel[1] - 1) + 1, node.stride[1]),
  ];
}

export function dilationOf(node: { readonly dilation?: Pair | undefined }): Pair {
  return node.dilation ?? [1, 1];
}

export function isDilated(node: { readonly dilation?: Pair | undefined }): boolean {
  return dilationOf(node).some((step) => step !== 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, index) => size === b[index]);
}
