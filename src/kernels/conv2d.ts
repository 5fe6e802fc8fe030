/** Float convolutions of any shape, over columns: assembly/conv2d.ts. */

import type { Conv2dNode } from '../ops/conv2d.ts';
import { dilationOf } from '../ops/shapes.ts';
import { epilogueParameters } from './activations.ts';
import { aligned, type Buffer, type CallWriter } from './calls.ts';
import {
  type Emission,
  type Emitted,
  type Family,
  type Place,
  skipArguments,
  streamRoom,
} from './family.ts';
import { type Raster, TILE_PIXELS } from './raster.ts';
import { windowOffsets } from './windows.ts';

/** Any convolution. */
export const conv2d: Family<'conv2d'> = {
  name: 'conv2d',
  accepts: (_, { activations }) => activations.name === 'float32',
  reads: 'planar',
  writes: 'stream',
  emit(emission) {
    const { stage, calls, inputs, raster } = emission;
    const { source: node, value } = stage;
    const columns = columnsOf(calls, value, node, inputs[0]!, raster);
    const offsets = windowOffsets(node, node.kernel[1], (channel, ky, kx) =>
      tapOffset(node, raster, channel, ky, kx),
    );
    return convolve(emission, columns, offsets);
  },
};

/** One that keeps the width of a stream; a picture, which is planar, is not worth making a stream of. */
export const conv2dSameWidth: Family<'conv2d'> = {
  name: 'same-width',
  accepts: ({ source }, { activations }) =>
    activations.name === 'float32' && source.inChannels > 4 && keepsWidth(source),
  reads: 'stream',
  writes: 'stream',
  emit(emission) {
    const { stage, calls, inputs, raster } = emission;
    const { source: node, value } = stage;
    const [kernelHeight, kernelWidth] = node.kernel;
    const [dilationY, dilationX] = dilationOf(node);
    const { buffer: stream, channels, raster: input } = inputs[0]!;
    const begin = node.padding[0] * raster.row + node.padding[1];
    const distance = (ky: number, kx: number) => ky * dilationY * raster.row + kx * dilationX;
    // Whole tiles are copied, and the last pixel of a tile has taps, too.
    const tiles = Math.max(input.tiles, raster.tiles) * TILE_PIXELS;
    const planeBytes = aligned(tiles + begin + distance(kernelHeight - 1, kernelWidth - 1)) * 4;
    const columns = calls.buffer(channels * planeBytes);
    const { height, width } = input;
    calls.call({
      value,
      kernel: 'columnsOfStream',
      work: channels,
      arguments: { stream, columns, planeBytes, begin: begin * 4, channels, height, width },
      writes: ['columns'],
    });
    const groupBytes = (node.inChannels / node.groups) * planeBytes;
    const offsets = windowOffsets(
      node,
      kernelWidth,
      (channel, ky, kx) => channel * planeBytes + distance(ky, kx) * 4,
    );
    return convolve(emission, { columns, groupBytes }, offsets);
  },
};

/** Whether one column of zeros between two rows is all that a window needs on either side. */
function keepsWidth(node: Conv2dNode): boolean {
  const [, left, , right] = node.padding;
  return (
    node.stride.every((step) => step === 1) &&
    Math.max(left, right) <= 1 &&
    left + right === dilationOf(node)[1] * (node.kernel[1] - 1)
  );
}

/** @param offsets `[tap]` i32: bytes from a pixel in the group's first plane to each, in (c, ky, kx) order */
function convolve(
  emission: Emission<'conv2d'>,
  { columns, groupBytes }: Columns,
  offsets: Int32Array,
): Emitted {
  const { stage, calls, raster } = emission;
  const { source: node, value } = stage;
  const stream = streamRoom(emission);
  calls.call({
    value,
    kernel: 'conv2d',
    work: raster.tiles,
    arguments: {
      columns,
      weights: calls.constant(node.weight),
      offsets: calls.constant(offsets),
      tapCount: offsets.length,
      groupBytes,
      groupOutputs: node.outChannels / node.groups,
      parameters: calls.constant(epilogueParameters(stage.functions!, undefined)),
      ...skipArguments(emission),
      stream,
      outChannels: node.outChannels,
    },
    writes: ['stream'],
    inPlace: { output: 'stream', input: 'skip' },
  });
  return { value: stream };
}

/** An input laid out in columns, and the bytes from the first plane of a group to that of the next. */
interface Columns {
  readonly columns: Buffer;
  readonly groupBytes: number;
}

/** What columns depend on. */
type Window = Pick<
  Conv2dNode,
  'kernel' | 'stride' | 'dilation' | 'padding' | 'inChannels' | 'groups'
>;

/** Lays a planar input out in columns. */
export function columnsOf(
  calls: CallWriter,
  value: string,
  node: Window,
  { buffer: planar, channels, raster: input }: Place,
  out: Raster,
): Columns {
  const { planes, planeBytes, rows } = columnsShape(node, out);
  const columns = calls.buffer(channels * planes * planeBytes);
  calls.call({
    value,
    kernel: 'columns',
    work: channels * planes,
    arguments: {
      planar,
      columns,
      planeBytes,
      height: input.height,
      width: input.width,
      rows,
      outWidth: out.width,
      kernelWidth: node.kernel[1],
      strideY: node.stride[0],
      strideX: node.stride[1],
      dilationX: dilationOf(node)[1],
      paddingTop: node.padding[0],
      paddingLeft: node.padding[1],
    },
    writes: ['columns'],
  });
  return { columns, groupBytes: (node.inChannels / node.groups) * planes * planeBytes };
}

/** The columns that assembly/conv2d.ts lays an input out in. */
export interface ColumnsShape {
  /** Planes a channel: one for each (phase, kx). */
  readonly planes: number;
  /** Rows a plane. */
  readonly rows: number;
  readonly planeBytes: number;
}

export function columnsShape(node: Window, out: Raster): ColumnsShape {
  const [kernelHeight, kernelWidth] = node.kernel;
  const [strideY] = node.stride;
  const lastRow = Math.floor((dilationOf(node)[0] * (kernelHeight - 1)) / strideY);
  // The last tile reads past the last row, up to whole tiles: those bytes are kept at 0.
  const pixels = aligned(out.tiles * TILE_PIXELS + lastRow * out.row);
  return { planes: strideY * kernelWidth, rows: out.height + lastRow, planeBytes: pixels * 4 };
}

/** Bytes from a pixel in the group's first plane to a tap. */
export function tapOffset(
  node: Window,
  out: Raster,
  channel: number,
  ky: number,
  kx: number,
): number {
  const [strideY] = node.stride;
  const { planes, planeBytes } = columnsShape(node, out);
  const y = ky * dilationOf(node)[0];
  const plane = channel * planes + (y % strideY) * node.kernel[1] + kx;
  return plane * planeBytes + Math.floor(y / strideY) * out.row * 4;
}
