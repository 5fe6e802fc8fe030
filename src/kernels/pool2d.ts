/** Pools: assembly/pool2d.ts and assembly/average-pool-2x2.ts. */

import type { Pool2dNode } from '../ops/pool2d.ts';
import { dilationOf } from '../ops/shapes.ts';
import { type Family, streamRoom } from './family.ts';
import { forEachPixel, type Raster, TILE_PIXELS } from './raster.ts';

export const averagePool2x2: Family<'average_pool2d'> = {
  name: 'average-pool-2x2',
  accepts: ({ source }, { simd }) =>
    simd &&
    [...source.kernel, ...source.stride].every((size) => size === 2) &&
    source.padding.every((pixels) => pixels === 0),
  reads: 'stream',
  writes: 'stream',
  emit(emission) {
    const { stage, target, calls, inputs, channels, raster } = emission;
    const { buffer: input, raster: inputRaster } = inputs[0]!;
    const { activations } = target;
    const runPixels = 2 * inputRaster.row + raster.row + 80;
    const stream = streamRoom(emission);
    calls.call({
      value: stage.value,
      kernel: activations.kernel('averagePool2x2'),
      work: raster.height,
      arguments: {
        input,
        run: calls.scratch((runPixels * activations.tileBytes) / TILE_PIXELS),
        stream,
        channels,
        inRow: inputRaster.row,
        outRow: raster.row,
      },
      writes: ['run', 'stream'],
    });
    return { value: stream };
  },
};

export const pool2d: Family<'average_pool2d' | 'max_pool2d'> = {
  name: 'pool2d',
  accepts: () => true,
  reads: 'stream',
  writes: 'stream',
  emit(emission) {
    const { stage, target, calls, inputs, channels, raster } = emission;
    const node = stage.source;
    const { buffer: input, raster: inputRaster } = inputs[0]!;
    const stream = streamRoom(emission);
    calls.call({
      value: stage.value,
      kernel: target.activations.kernel('pool2d'),
      work: raster.tiles,
      arguments: {
        input,
        windows: calls.constant(poolWindows(node, inputRaster, raster, channels)),
        tapCount: node.kernel[0] * node.kernel[1],
        maximum: node.op === 'max_pool2d' ? 1 : 0,
        stream,
        channels,
      },
      writes: ['stream'],
    });
    return { value: stream };
  },
};

export const globalAveragePool: Family<'global_average_pool'> = {
  name: 'global-average-pool',
  accepts: () => true,
  reads: 'stream',
  writes: 'planar',
  emit({ stage, target, calls, inputs, channels }) {
    const { buffer: input, raster } = inputs[0]!;
    const { height, width } = raster;
    const out = calls.buffer(channels * 4);
    calls.call({
      value: stage.value,
      kernel: target.activations.kernel('globalAveragePool'),
      work: channels,
      arguments: {
        input,
        out,
        channels,
        height,
        width,
        reciprocal: 1 / (height * width * target.activations.unitsPerOne),
      },
      writes: ['out'],
    });
    return { value: out };
  },
};

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
  const [down, across] = dilationOf(node);
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
        const iy = y * node.stride[0] + ky * down - node.padding[0];
        const ix = x * node.stride[1] + kx * across - node.padding[1];
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
