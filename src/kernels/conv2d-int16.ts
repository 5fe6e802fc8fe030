/** Float convolutions in 16-bit integers: assembly/conv2d-int16.ts. */

import type { Conv2dNode } from '../ops/conv2d.ts';
import type { PiecewiseLinear } from '../ops/piecewise-linear.ts';
import { isDilated } from '../ops/shapes.ts';
import { epilogueParameters } from './activations.ts';
import { aligned } from './calls.ts';
import { type Family, skipArguments, streamRoom } from './family.ts';
import { type Raster, TILE_PIXELS } from './raster.ts';
import { windowOffsets } from './windows.ts';

/**
 * A sum stays within 32 bits whatever its taps are, so the more there are, the fewer bits each weight
 * has: with more taps than these the smaller weights would be lost.
 */
const MOST_TAPS = 4608;

function tapsOf({ inChannels, groups, kernel }: Conv2dNode): number {
  return (inChannels / groups) * kernel[0] * kernel[1];
}

export const conv2dInt16: Family<'conv2d'> = {
  name: 'conv2d-int16',
  accepts: ({ source }, { activations }) =>
    activations.name === 'int16' && tapsOf(source) <= MOST_TAPS && !isDilated(source),
  reads: 'planar',
  writes: 'stream',
  emit(emission) {
    const { stage, target, calls, inputs, raster } = emission;
    const { source: node, value } = stage;
    const { buffer: planar, channels: inChannels, raster: input } = inputs[0]!;
    const shape = pairsShape(node, raster);
    const pairs = calls.buffer(inChannels * shape.planes * shape.planeBytes);
    calls.call({
      value,
      kernel: 'columnPairs',
      work: inChannels * shape.planes,
      arguments: {
        planar,
        pairs,
        planeBytes: shape.planeBytes,
        height: input.height,
        width: input.width,
        rows: shape.rows,
        outWidth: raster.width,
        pairPlanes: shape.pairPlanes,
        strideY: node.stride[0],
        strideX: node.stride[1],
        paddingTop: node.padding[0],
        paddingLeft: node.padding[1],
      },
      writes: ['pairs'],
    });
    const offsets = pairsOffsets(node, raster);
    const { weights, sumsPerOne } = int16Filters(node);
    const { unitsPerOne } = target.activations;
    const functions = stage.functions!.map((f, output) =>
      ofIntegerSum(f, sumsPerOne[output]!, unitsPerOne),
    );
    const stream = streamRoom(emission);
    calls.call({
      value,
      kernel: 'conv2dInt16',
      work: raster.tiles,
      arguments: {
        pairs,
        weights: calls.constant(weights),
        offsets: calls.constant(offsets),
        pairCount: offsets.length,
        groupBytes: (node.inChannels / node.groups) * shape.planes * shape.planeBytes,
        groupOutputs: node.outChannels / node.groups,
        parameters: calls.constant(epilogueParameters(functions, undefined)),
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

/** The input is in multiples of 2^-12; UNITS_PER_ONE of assembly/conv2d-int16.ts. */
const INPUT_UNITS = 4096;

/** Pairs that an input is laid out in. */
export interface PairsShape {
  /** Pairs of a row of taps. */
  readonly rowPairs: number;
  /** Planes for the pairs of a row: 1 where they share one. */
  readonly pairPlanes: number;
  /** Planes a channel. */
  readonly planes: number;
  /** Rows a plane. */
  readonly rows: number;
  readonly planeBytes: number;
}

export function pairsShape(node: Conv2dNode, out: Raster): PairsShape {
  const [kernelHeight, kernelWidth] = node.kernel;
  const [strideY, strideX] = node.stride;
  const rowPairs = Math.ceil(kernelWidth / 2);
  const pairPlanes = strideX === 2 && rowPairs <= 2 ? 1 : rowPairs;
  const lastRow = Math.floor((kernelHeight - 1) / strideY);
  // The last tile reads past the last row, up to whole tiles and a pair: those bytes are kept at 0.
  const pixels = aligned(out.tiles * TILE_PIXELS + lastRow * out.row + 1);
  return {
    rowPairs,
    pairPlanes,
    planes: strideY * pairPlanes,
    rows: out.height + lastRow,
    planeBytes: pixels * 4,
  };
}

/** `[pair]` i32: bytes from a pixel in the group's first plane to its pair, in (c, ky, pair) order. */
export function pairsOffsets(node: Conv2dNode, out: Raster): Int32Array {
  const [strideY] = node.stride;
  const { rowPairs, pairPlanes, planes, planeBytes } = pairsShape(node, out);
  const shared = pairPlanes === 1;
  return windowOffsets(node, rowPairs, (channel, ky, pair) => {
    const plane = channel * planes + (ky % strideY) * pairPlanes + (shared ? 0 : pair);
    const row = Math.floor(ky / strideY) * out.row;
    return plane * planeBytes + (row + (shared ? pair : 0)) * 4;
  });
}

/** Filters in integers. */
export interface Int16Filters {
  /** `[outChannels][c][ky][pair][2]`. */
  readonly weights: Int16Array<ArrayBuffer>;
  /** By output: the integer sum of a sum of 1. */
  readonly sumsPerOne: readonly number[];
}

/**
 * Each filter in the smallest multiples with which no weight leaves int16 and no sum leaves int32,
 * whatever the input.
 */
export function int16Filters(node: Conv2dNode): Int16Filters {
  const [kernelHeight, kernelWidth] = node.kernel;
  const rows = (node.inChannels / node.groups) * kernelHeight;
  const taps = rows * kernelWidth;
  const rowLength = 2 * Math.ceil(kernelWidth / 2);
  const weights = new Int16Array(node.outChannels * rows * rowLength);
  const sumsPerOne: number[] = [];
  for (let output = 0; output < node.outChannels; output++) {
    const filter = node.weight.subarray(output * taps, (output + 1) * taps);
    let largest = 0;
    let total = 0;
    for (const weight of filter) {
      largest = Math.max(largest, Math.abs(weight));
      total += Math.abs(weight);
    }
    // Rounding adds at most half a unit a tap; |input| is at most 2^15.
    const scale = total === 0 ? 1 : Math.min(32767 / largest, (65535 - taps) / total);
    for (const [tap, weight] of filter.entries()) {
      const row = Math.floor(tap / kernelWidth);
      weights[(output * rows + row) * rowLength + (tap % kernelWidth)] = Math.round(weight * scale);
    }
    sumsPerOne.push(scale * INPUT_UNITS);
  }
  return { weights, sumsPerOne };
}

/** f of a sum, given the sum in integers, in units of the stream. */
function ofIntegerSum(
  { knee, value, left, right }: PiecewiseLinear,
  sumsPerOne: number,
  unitsPerOne: number,
): PiecewiseLinear {
  return {
    knee: knee * sumsPerOne,
    value: value * unitsPerOne,
    left: (left / sumsPerOne) * unitsPerOne,
    right: (right / sumsPerOne) * unitsPerOne,
  };
}
