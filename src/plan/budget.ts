/**
 * What a plan may take, counted from shapes alone before anything is made for a channel, a window or
 * a pixel: a file of a kilobyte may ask for any amount of it. The same for every build.
 */

import { GraphError } from '../errors.ts';
import { limitSetter, modelLimit } from '../file/byte-limit.ts';
import type { Graph } from '../graph/graph.ts';
import { rasterOf, TILE_PIXELS } from '../kernels/raster.ts';
import { type GraphNode, operationOf } from '../ops/index.ts';
import type { Shape } from '../tensor.ts';

/** Bounds of what a model may take, sums over the nodes that its output needs. */
export interface Limits {
  /** Numbers of all values, maps in whole tiles of 32 pixels; default 2^28. */
  readonly values?: number | undefined;
  /** Channels of convolutions, signs and element-wise operations, added up; default 2^21. */
  readonly channels?: number | undefined;
  /** Taps of all windows of pools, which are listed one by one; default 2^24. */
  readonly poolTaps?: number | undefined;
  /** Of one run, binary ones / 64, and additions of pools; default 2^36. */
  readonly multiplyAdds?: number | undefined;
  /** Bytes of WebAssembly memory; default 2^30. */
  readonly memoryBytes?: number | undefined;
  /** Bytes of the model file, where it is still to be read; default 2^30. */
  readonly fileBytes?: number | undefined;
}

export const DEFAULT_LIMITS: Readonly<Record<keyof Limits, number>> = {
  values: 2 ** 28,
  channels: 2 ** 21,
  poolTaps: 2 ** 24,
  multiplyAdds: 2 ** 36,
  memoryBytes: 2 ** 30,
  fileBytes: modelLimit().most,
};

/**
 * @param needed the nodes that the output needs
 * @throws GraphError GRAPH_TOO_LARGE, with the node at which a limit is passed
 */
export function checkBudget(graph: Graph, needed: readonly GraphNode[], limits: Limits): void {
  const spent = {
    values: paddedSize(graph.input.shape),
    channels: 0,
    poolTaps: 0,
    multiplyAdds: 0,
  };
  for (const node of needed) {
    const shape = graph.shapes.get(node.name)!;
    const { start, fold, makesBits, cost } = operationOf(node);
    const { floatMacs, binaryMacs } = cost(node, shape);
    const values = paddedSize(shape);
    const isPool = node.op === 'average_pool2d' || node.op === 'max_pool2d';
    const taps = isPool ? node.kernel[0] * node.kernel[1] : 0;
    spent.values += values;
    if (start || fold || makesBits) spent.channels += shape[0];
    spent.poolTaps += (values / shape[0]) * taps;
    spent.multiplyAdds += floatMacs + binaryMacs / 64 + values * taps;
    for (const [name, count] of Object.entries(spent)) {
      checkLimit(name as keyof Limits, count, node.name, limits);
    }
  }
}

/**
 * @param value the name of what was counted last
 * @throws GraphError GRAPH_TOO_LARGE
 */
export function checkLimit(name: keyof Limits, count: number, value: string, limits: Limits): void {
  const most = limits[name] ?? DEFAULT_LIMITS[name];
  if (count <= most) return;
  throw new GraphError('GRAPH_TOO_LARGE', `${name} are ${count} up to ${value}`, {
    hint: `at most ${most}; ${limitSetter(name)} sets the limit`,
  });
}

/** Numbers of a value as a stream: whole tiles. */
function paddedSize([channels, height, width]: Shape): number {
  return height ? channels * rasterOf(height, width!).tiles * TILE_PIXELS : channels;
}
