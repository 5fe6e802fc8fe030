import { aligned } from '../kernels/calls.ts';

/** A piece of memory that is wanted from step `first` to step `last`, both included. */
export interface Interval {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Places intervals so that no two that live at the same time overlap: the largest first, each at the
 * lowest offset that is free for its whole life.
 * @returns offsets in the order of `intervals`, and the bytes needed in all
 */
export function layOutArena(intervals: readonly Interval[]): { offsets: number[]; bytes: number } {
  const offsets = new Array<number>(intervals.length).fill(0);
  const bySize = intervals.map((_, index) => index);
  bySize.sort((a, b) => intervals[b]!.bytes - intervals[a]!.bytes || a - b);
  /** By offset, so that nothing is sorted again. */
  const placed: number[] = [];
  let bytes = 0;
  for (const index of bySize) {
    const interval = intervals[index]!;
    let offset = 0;
    for (const other of placed) {
      if (!overlapInTime(interval, intervals[other]!)) continue;
      if (offset + interval.bytes <= offsets[other]!) break;
      offset = Math.max(offset, aligned(offsets[other]! + intervals[other]!.bytes));
    }
    offsets[index] = offset;
    const after = placed.findIndex((other) => offsets[other]! > offset);
    placed.splice(after < 0 ? placed.length : after, 0, index);
    bytes = Math.max(bytes, aligned(offset + interval.bytes));
  }
  return { offsets, bytes };
}

function overlapInTime(a: Interval, b: Interval): boolean {
  return a.first <= b.last && b.first <= a.last;
}
