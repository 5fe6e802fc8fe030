/**
 * Epilogues in 16-bit integers: a function with one kink to the parameters of
 * assembly/epilogue-int16.ts, which has the arithmetic.
 */

import { GraphError } from '../errors.ts';
import type { PiecewiseLinear } from './piecewise-linear.ts';

/** int16 of a channel's parameters, the last two unused. */
const PARAMETERS = 8;

const MAX = 32767;

/** The integers of one channel. */
export interface FixedPointFunction {
  readonly scale: number;
  readonly knee: number;
  readonly left: number;
  readonly right: number;
  readonly offset: number;
}

/** f where its kink is among the counts 0..`most`; else the line that it is there. */
function withinCounts(f: PiecewiseLinear, most: number): PiecewiseLinear {
  if (f.knee > 0 && f.knee < most) return f;
  const slope = f.knee <= 0 ? f.right : f.left;
  const middle = most / 2;
  return { knee: middle, value: f.value + slope * (middle - f.knee), left: slope, right: slope };
}

/**
 * @param most the largest count
 * @param fraction the result is in units of 2^-fraction
 */
export function fixedPointFunction(
  f: PiecewiseLinear,
  most: number,
  fraction: number,
): FixedPointFunction {
  const { knee, value, left, right } = withinCounts(f, most);
  // The farthest count from the knee is spread to just within int16.
  const scale = Math.floor(MAX / Math.max(knee, most - knee));
  const units = 2 ** fraction;
  const slope = (perCount: number) => Math.round((perCount * units * 2 ** 15) / scale);
  return {
    scale,
    knee: Math.round(knee * scale),
    left: slope(left),
    right: slope(right),
    offset: Math.round(value * units),
  };
}

/**
 * The kernels' parameters, `[channel][8]` int16: scale, knee, left, left xor right, offset, threshold.
 * @param value name of what is computed, for errors
 * @param most the largest count
 * @throws GraphError STREAM_RANGE where a channel can reach farther than int16
 */
export function fixedPointParameters(
  value: string,
  functions: readonly PiecewiseLinear[],
  most: number,
  fraction: number,
  thresholds: Float32Array | undefined,
): Int16Array {
  const parameters = new Int16Array(functions.length * PARAMETERS);
  for (const [channel, f] of functions.entries()) {
    const { scale, knee, left, right, offset } = fixedPointFunction(f, most, fraction);
    if ([left, right, offset].some((integer) => !(Math.abs(integer) <= MAX))) {
      throw new GraphError(
        'STREAM_RANGE',
        `Channel ${channel} of ${value} is too large for int16`,
        {
          hint: `export the model with fewer than ${fraction} bits of fraction, or with a float32 stream`,
        },
      );
    }
    const threshold = fixedPointThreshold(thresholds?.[channel] ?? 0, fraction);
    parameters.set([scale, knee, left, left ^ right, offset, threshold], channel * PARAMETERS);
  }
  return parameters;
}

/** y 2^-fraction > threshold where y > this, of int16. */
export function fixedPointThreshold(threshold: number, fraction: number): number {
  return Math.max(-MAX - 1, Math.min(MAX, Math.floor(threshold * 2 ** fraction)));
}
