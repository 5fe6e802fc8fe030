/** Float convolutions of any shape, over columns: assembly/conv2d.ts. */

import type { Conv2dNode } from '../ops/conv2d.ts';
import { dilationOf } from '../ops/shapes.ts';
import { epilogueParameters } from './activations.ts';
import { aligned } from './calls.ts';
import { type Family, skipArguments, streamRoom } from './family.ts';
import { type Raster, TILE_PIXELS } from './raster.ts';

export const conv2d: Family<'conv2d'> = {
  name: 'conv2d',
  accepts: (_, { activations }) => activations.name === 'float32',
  reads: 'planar',
  writes: 'stream',
  emit(emission) {
    const { stage, calls, inputs, raster } = emission;
    const { source: node, value } = stage;
    const { buffer: planar, channels: inChannels, raster: input } = inputs[0]!;
    const shape = columnsShape(node, raster);
    const columns = calls.buffer(inChannels * shape.planes * shape.planeBytes);
    calls.call({
      value,
      kernel: 'columns',
      work: inChannels * shape.planes,
      arguments: {
        planar,
        columns,
        planeBytes: shape.planeBytes,
        height: input.height,
        width: input.width,
        rows: shape.rows,
        outWidth: raster.width,
        kernelWidth: node.kernel[1],
        strideY: node.stride[0],
        strideX: node.stride[1],
        dilationX: dilationOf(node)[1],
        paddingTop: node.padding[0],
        paddingLeft: node.padding[1],
      },
      writes: ['columns'],
    });
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
        groupBytes: (node.inChannels / node.groups) * shape.planes * shape.planeBytes,
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

/** The columns that assembly/conv2d.ts lays an input out in. */
export interface ColumnsShape {
  /** Planes a channel: one for each (phase, kx). */
  readonly planes: number;
  /** Rows a plane. */
  readonly rows: number;
  readonly planeBytes: number;
}

export function columnsShape(node: Conv2dNode, out: Raster): ColumnsShape {
  const [kernelHeight, kernelWidth] = node.kernel;
  const [strideY] = node.stride;
  const lastRow = Math.floor((dilationOf(node)[0] * (kernelHeight - 1)) / strideY);
  // The last tile reads past the last row, up to whole tiles: those bytes are kept at 0.
  const pixels = aligned(out.tiles * TILE_PIXELS + lastRow * out.row);
  return { planes: strideY * kernelWidth, rows: out.height + lastRow, planeBytes: pixels * 4 };
}

/** `[tap]` i32: bytes from a pixel in the group's first plane to its tap, in (c, ky, kx) order. */
export function columnsOffsets(node: Conv2dNode, out: Raster): Int32Array {
  const [kernelHeight, kernelWidth] = node.kernel;
  const [strideY] = node.stride;
  const [down] = dilationOf(node);
  const { planes, planeBytes } = columnsShape(node, out);
  const offsets: number[] = [];
  for (let channel = 0; channel < node.inChannels / node.groups; channel++) {
    for (let ky = 0; ky < kernelHeight; ky++) {
      for (let kx = 0; kx < kernelWidth; kx++) {
        const y = ky * down;
        const plane = channel * planes + (y % strideY) * kernelWidth + kx;
        offsets.push(plane * planeBytes + Math.floor(y / strideY) * out.row * 4);
      }
    }
  }
  return Int32Array.from(offsets);
}
