/**
 * Epilogues in 16-bit integers: a function with one kink to the parameters of
 * assembly/epilogue-int16.ts, which has the arithmetic.
 */

import { GraphError } from '../errors.ts';
import type { PiecewiseLinear } from '../ops/piecewise-linear.ts';
import { perChannel } from '../ops/shapes.ts';
import {
  INT16_BEND,
  INT16_KNEE,
  INT16_LEFT,
  INT16_OFFSET,
  INT16_PARAMETER_BYTES,
  INT16_SCALE,
  INT16_THRESHOLD,
} from './abi.gen.ts';

const MAX = 32767;

/**
 * The kernels' parameters, a record per channel, as assembly/epilogue-int16.ts lays it out.
 * A knee that is not among the counts is put in their middle: there is a line only.
 * @param value name of what is computed, for errors
 * @param most the largest count
 * @param fraction the result is in units of 2^-fraction
 * @throws GraphError STREAM_RANGE where a channel can reach farther than int16
 */
export function fixedPointParameters(
  value: string,
  functions: readonly PiecewiseLinear[],
  most: number,
  fraction: number,
  thresholds: Float32Array | undefined,
): Int16Array {
  const units = 2 ** fraction;
  const parameters = new Int16Array((functions.length * INT16_PARAMETER_BYTES) / 2);
  for (let channel = 0; channel < functions.length; channel++) {
    const f = functions[channel]!;
    const bends = f.knee > 0 && f.knee < most;
    const knee = bends ? f.knee : most / 2;
    const line = f.knee <= 0 ? f.right : f.left;
    // The farthest count from the knee is spread to just within int16.
    const scale = Math.floor(MAX / Math.max(knee, most - knee));
    const perCount = (units * 2 ** 15) / scale;
    const left = Math.round((bends ? f.left : line) * perCount);
    const right = Math.round((bends ? f.right : line) * perCount);
    const offset = Math.round((bends ? f.value : f.value + line * (knee - f.knee)) * units);
    if (!(Math.abs(left) <= MAX && Math.abs(right) <= MAX && Math.abs(offset) <= MAX)) {
      throw new GraphError(
        'STREAM_RANGE',
        `Channel ${channel} of ${value} is too large for int16`,
        {
          hint: `export the model with fewer than ${fraction} bits of fraction, or with a float32 stream`,
        },
      );
    }
    const at = channel * INT16_PARAMETER_BYTES;
    parameters[(at + INT16_SCALE) / 2] = scale;
    parameters[(at + INT16_KNEE) / 2] = Math.round(knee * scale);
    parameters[(at + INT16_LEFT) / 2] = left;
    parameters[(at + INT16_BEND) / 2] = left ^ right;
    parameters[(at + INT16_OFFSET) / 2] = offset;
    parameters[(at + INT16_THRESHOLD) / 2] = fixedPointThreshold(
      perChannel(thresholds, channel, 0),
      fraction,
    );
  }
  return parameters;
}

/** y 2^-fraction > threshold where y > this, of int16. */
export function fixedPointThreshold(threshold: number, fraction: number): number {
  return Math.max(-MAX - 1, Math.min(MAX, Math.floor(threshold * 2 ** fraction)));
}
