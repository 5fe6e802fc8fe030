/** Float convolutions of any shape, over columns: assembly/conv2d.ts. */

import type { Conv2dNode } from '../ops/conv2d.ts';
import { dilationOf } from '../ops/shapes.ts';
import { epilogueParameters } from './activations.ts';
import { aligned, type Buffer, type CallWriter } from './calls.ts';
import { type Family, type Place, skipArguments, streamRoom } from './family.ts';
import { type Raster, TILE_PIXELS } from './raster.ts';

export const conv2d: Family<'conv2d'> = {
  name: 'conv2d',
  accepts: (_, { activations }) => activations.name === 'float32',
  reads: 'planar',
  writes: 'stream',
  emit(emission) {
    const { stage, calls, inputs, raster } = emission;
    const { source: node, value } = stage;
    const { columns, groupBytes } = columnsOf(calls, value, node, inputs[0]!, raster);
    const offsets = columnsOffsets(node, raster);
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
  },
};

/** What columns depend on. */
type Window = Pick<
  Conv2dNode,
  'kernel' | 'stride' | 'dilation' | 'padding' | 'inChannels' | 'groups'
>;

/** An input laid out in columns, and the bytes from the first plane of a group to that of the next. */
export function columnsOf(
  calls: CallWriter,
  value: string,
  node: Window,
  { buffer: planar, channels, raster: input }: Place,
  out: Raster,
): { columns: Buffer; groupBytes: number } {
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

/** `[tap]` i32: where each is, in (c, ky, kx) order. */
export function columnsOffsets(node: Window, out: Raster): Int32Array {
  const [kernelHeight, kernelWidth] = node.kernel;
  const offsets: number[] = [];
  for (let channel = 0; channel < node.inChannels / node.groups; channel++) {
    for (let ky = 0; ky < kernelHeight; ky++) {
      for (let kx = 0; kx < kernelWidth; kx++) {
        offsets.push(tapOffset(node, out, channel, ky, kx));
      }
    }
  }
  return Int32Array.from(offsets);
}
