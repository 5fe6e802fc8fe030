/**
 * How feature maps are kept, float32 or int16 (docs/fixed-point.md): what differs between the two,
 * for every family of kernels.
 */

import type { Int16Stream } from '../graph/graph.ts';
import { linear, type PiecewiseLinear } from '../ops/piecewise-linear.ts';
import { perChannel } from '../ops/shapes.ts';
import {
  FLOAT32_BEND,
  FLOAT32_KNEE,
  FLOAT32_OFFSET,
  FLOAT32_PARAMETER_BYTES,
  FLOAT32_SLOPE,
  FLOAT32_THRESHOLD,
} from './abi.gen.ts';
import type { GenericKernelName } from './abi.ts';
import { fixedPointParameters, fixedPointThreshold } from './fixed-point.ts';
import { TILE_PIXELS } from './raster.ts';

export interface ActivationType {
  readonly name: 'float32' | 'int16';
  /** Bits of fraction of int16; float32 has none. */
  readonly fraction: number | undefined;
  /** A 1 in the numbers of the stream. */
  readonly unitsPerOne: number;
  /** Bytes of one channel of a tile in a stream. */
  readonly tileBytes: number;
  /** The kernel for this type. */
  kernel<Name extends GenericKernelName>(name: Name): Name | `${Name}Int16`;
  /**
   * Thresholds of a sign, one per channel, as numbers of the stream.
   * @param thresholds `[C]` or `[1]`
   */
  thresholds(thresholds: Float32Array, channels: number): Float32Array | Int16Array;
  /**
   * Parameters of the epilogue of a binary convolution.
   * @param value name of what is computed, for errors
   * @param functions per channel, of the count
   * @param most the largest count
   * @throws GraphError STREAM_RANGE where a channel reaches farther than int16
   */
  countParameters(
    value: string,
    functions: readonly PiecewiseLinear[],
    most: number,
    thresholds: Float32Array | undefined,
  ): Float32Array | Int16Array;
}

/** The type that a graph asks for. */
export function activationType(stream: Int16Stream | undefined): ActivationType {
  return stream === undefined ? FLOAT32 : int16(stream.fraction);
}

const FLOAT32: ActivationType = {
  name: 'float32',
  fraction: undefined,
  unitsPerOne: 1,
  tileBytes: TILE_PIXELS * 4,
  kernel: (name) => name,
  thresholds: (thresholds, channels) =>
    Float32Array.from({ length: channels }, (_, channel) => perChannel(thresholds, channel, 0)),
  countParameters: (_value, functions, _most, thresholds) =>
    epilogueParameters(functions, thresholds),
};

function int16(fraction: number): ActivationType {
  return {
    name: 'int16',
    fraction,
    unitsPerOne: 2 ** fraction,
    tileBytes: TILE_PIXELS * 2,
    kernel: (name) => `${name}Int16`,
    thresholds: (thresholds, channels) =>
      Int16Array.from({ length: channels }, (_, channel) =>
        fixedPointThreshold(perChannel(thresholds, channel, 0), fraction),
      ),
    countParameters: (value, functions, most, thresholds) =>
      fixedPointParameters(value, functions, most, fraction, thresholds),
  };
}

/** Parameters of a float32 epilogue, a record per channel, as assembly/epilogue.ts lays it out. */
export function epilogueParameters(
  functions: readonly PiecewiseLinear[],
  thresholds: Float32Array | undefined,
): Float32Array {
  const bytes = FLOAT32_PARAMETER_BYTES;
  const parameters = new Float32Array((functions.length * bytes) / 4);
  for (let channel = 0; channel < functions.length; channel++) {
    const { knee, value, left, right } = withinFloat32(functions[channel]!);
    const at = channel * bytes;
    parameters[(at + FLOAT32_KNEE) / 4] = knee;
    parameters[(at + FLOAT32_SLOPE) / 4] = left;
    parameters[(at + FLOAT32_BEND) / 4] = right - left;
    parameters[(at + FLOAT32_OFFSET) / 4] = value;
    parameters[(at + FLOAT32_THRESHOLD) / 4] = perChannel(thresholds, channel, 0);
  }
  return parameters;
}

/** A knee that is farther away than any float32 is never reached: one of the sides is all. */
function withinFloat32(f: PiecewiseLinear): PiecewiseLinear {
  if (Number.isFinite(Math.fround(f.knee))) return f;
  const slope = f.knee > 0 ? f.left : f.right;
  return linear(slope, 0, f.value - slope * f.knee);
}
