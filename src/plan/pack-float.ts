/**
 * Float weights and window tables to the layouts of the kernels.
 */

import type { Conv2dNode, DenseNode, Pool2dNode } from '../graph/graph.ts';
import { aligned } from './arena.ts';
import { forEachPixel, type Raster, TILE_PIXELS } from './raster.ts';

/** `[outChannels / 4][inChannels][4]` of `[outChannels][inChannels]`. */
export function packPointwise(node: Conv2dNode): Float32Array {
  const packed = new Float32Array(node.weight.length);
  let at = 0;
  for (let output = 0; output < node.outChannels; output += 4) {
    for (let input = 0; input < node.inChannels; input++) {
      for (let j = 0; j < 4; j++) {
        packed[at++] = node.weight[(output + j) * node.inChannels + input]!;
      }
    }
  }
  return packed;
}

/** The columns that assembly/conv2d.ts lays an input out in. */
export interface ColumnsShape {
  /** Planes a channel: one for each (ky mod stride, kx). */
  readonly planes: number;
  /** Rows a plane. */
  readonly rows: number;
  readonly planeBytes: number;
}

export function columnsShape(node: Conv2dNode, out: Raster): ColumnsShape {
  const [kernelHeight, kernelWidth] = node.kernel;
  const [strideY] = node.stride;
  const lastRow = Math.floor((kernelHeight - 1) / strideY);
  // The last tile reads past the last row, up to whole tiles: those bytes are kept at 0.
  const pixels = aligned(out.tiles * TILE_PIXELS + lastRow * out.row);
  return { planes: strideY * kernelWidth, rows: out.height + lastRow, planeBytes: pixels * 4 };
}

/** `[tap]` i32: bytes from a pixel in the group's first plane to its tap, in (c, ky, kx) order. */
export function columnsOffsets(node: Conv2dNode, out: Raster): Int32Array {
  const [kernelHeight, kernelWidth] = node.kernel;
  const [strideY] = node.stride;
  const { planes, planeBytes } = columnsShape(node, out);
  const offsets: number[] = [];
  for (let channel = 0; channel < node.inChannels / node.groups; channel++) {
    for (let ky = 0; ky < kernelHeight; ky++) {
      for (let kx = 0; kx < kernelWidth; kx++) {
        const plane = channel * planes + (ky % strideY) * kernelWidth + kx;
        offsets.push(plane * planeBytes + Math.floor(ky / strideY) * out.row * 4);
      }
    }
  }
  return Int32Array.from(offsets);
}

/** Blocks of 16 outputs of a dense layer. */
export function denseBlocks(node: DenseNode): number {
  return Math.ceil(node.outChannels / 16);
}

/** Weights `[block][inChannels][16]`, scales and biases `[blocks * 16]`; past the end all is 0. */
export function packDense(node: DenseNode): {
  weights: Float32Array | Int8Array;
  scales: Float32Array;
  biases: Float32Array;
} {
  const { inChannels, outChannels, weight } = node;
  const padded = denseBlocks(node) * 16;
  const size = inChannels * padded;
  const weights = weight instanceof Int8Array ? new Int8Array(size) : new Float32Array(size);
  const scales = new Float32Array(padded).fill(1);
  if (node.weightScale !== undefined) scales.set(node.weightScale);
  const biases = new Float32Array(padded);
  if (node.bias !== undefined) biases.set(node.bias);
  for (let output = 0; output < outChannels; output++) {
    const lane = (output >> 4) * inChannels * 16 + (output & 15);
    spread(weight, output * inChannels, inChannels, weights, lane);
  }
  return { weights, scales, biases };
}

/** A row to every 16th number. */
function spread(
  from: Float32Array | Int8Array,
  begin: number,
  length: number,
  to: Float32Array | Int8Array,
  first: number,
): void {
  for (let index = 0; index < length; index++) to[first + index * 16] = from[begin + index]!;
}

/**
 * The windows of assembly/pool2d.ts, `[pixel][2 + taps]` i32: taps inside, the bits of the
 * reciprocal, and the taps' places in a stream of `channels` channels. Pixels of the raster outside
 * the picture get a window of one tap, so that nothing but finite numbers is ever computed.
 */
export function poolWindows(
  node: Pool2dNode,
  input: Raster,
  out: Raster,
  channels: number,
): Int32Array {
  const [kernelHeight, kernelWidth] = node.kernel;
  const size = 2 + kernelHeight * kernelWidth;
  const windows = new Int32Array(out.tiles * TILE_PIXELS * size);
  const reciprocals = new Float32Array(windows.buffer);
  for (let index = 0; index < out.tiles * TILE_PIXELS; index++) {
    windows[index * size] = 1;
    reciprocals[index * size + 1] = 1;
  }
  forEachPixel(out, (y, x, index) => {
    let taps = 0;
    for (let ky = 0; ky < kernelHeight; ky++) {
      for (let kx = 0; kx < kernelWidth; kx++) {
        const iy = y * node.stride[0] + ky - node.padding[0];
        const ix = x * node.stride[1] + kx - node.padding[1];
        if (iy < 0 || iy >= input.height || ix < 0 || ix >= input.width) continue;
        const pixel = iy * input.row + ix;
        const tile = Math.floor(pixel / TILE_PIXELS);
        windows[index * size + 2 + taps++] = tile * channels * TILE_PIXELS + (pixel % TILE_PIXELS);
      }
    }
    windows[index * size] = taps;
    reciprocals[index * size + 1] = 1 / taps;
  });
  return windows;
}
