/** Numbers of k bits as planes, for the kernels of windows; levels.ts has the layout. */

import { loadSplat, signs16 } from './sign-simd';
import { tileBytes } from './stream';

/** q of 16 pixels of one channel, a byte each. */
// @ts-ignore: decorator
@inline
function levels16<T>(source: usize, threshold: usize, count: i32, rowBytes: usize): v128 {
  let q = i64x2.splat(0);
  for (let level = 0; level < count; level++) {
    q = i8x16.sub(q, signs16<T>(source, loadSplat<T>(threshold)));
    threshold += rowBytes;
  }
  return q;
}

/** Bit `bit` of four channels' q, at most 15 each, in the low bits of a byte. */
// @ts-ignore: decorator
@inline
function plane16(q0: v128, q1: v128, q2: v128, q3: v128, bit: i32): v128 {
  const one = i8x16.splat(1);
  const b0 = v128.and(i16x8.shr_u(q0, bit), one);
  const b1 = v128.and(i16x8.shr_u(q1, bit), one);
  const b2 = v128.and(i16x8.shr_u(q2, bit), one);
  const b3 = v128.and(i16x8.shr_u(q3, bit), one);
  const low = v128.or(b0, i8x16.add(b1, b1));
  const high = v128.or(b2, i8x16.add(b3, b3));
  return v128.or(low, i16x8.shl(high, 2));
}

/**
 * Stream to planes of k bits; the bits of channels past the last are 0.
 * @param bits k, 2 to 4
 * @param planes address of pixel 0 of the first plane
 * @param planeBytes distance between planes
 * @param inside `[pixel]` bytes, 0xff inside the picture, else 0
 */
// @ts-ignore: decorator
@inline
export function levelPlanes<T>(
  tileBegin: i32,
  tileEnd: i32,
  stream: usize,
  thresholds: usize,
  planes: usize,
  channels: i32,
  bits: i32,
  planeBytes: usize,
  inside: usize,
): void {
  const count = (1 << bits) - 1;
  const rowBytes = <usize>channels * sizeof<T>();
  const bitBytes = <usize>((channels + 3) / 4) * planeBytes;
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    const insideTile = inside + <usize>tile * 32;
    for (let channel = 0; channel < channels; channel += 4) {
      const plane = planes + <usize>(channel / 4) * planeBytes + <usize>tile * 32;
      const first = stream + <usize>(tile * channels + channel) * tileBytes<T>();
      const threshold = thresholds + <usize>channel * sizeof<T>();
      const rest = channels - channel;
      for (let half: usize = 0; half < 2; half++) {
        let source = first + half * (tileBytes<T>() / 2);
        let at = threshold;
        const zero = i64x2.splat(0);
        const q0 = levels16<T>(source, at, count, rowBytes);
        source += tileBytes<T>();
        at += sizeof<T>();
        const q1 = rest > 1 ? levels16<T>(source, at, count, rowBytes) : zero;
        source += tileBytes<T>();
        at += sizeof<T>();
        const q2 = rest > 2 ? levels16<T>(source, at, count, rowBytes) : zero;
        source += tileBytes<T>();
        at += sizeof<T>();
        const q3 = rest > 3 ? levels16<T>(source, at, count, rowBytes) : zero;
        const isInside = v128.load(insideTile + half * 16);
        let target = plane + half * 16;
        for (let bit = 0; bit < bits; bit++) {
          v128.store(target, v128.and(plane16(q0, q1, q2, q3, bit), isInside));
          target += bitBytes;
        }
      }
    }
  }
}
