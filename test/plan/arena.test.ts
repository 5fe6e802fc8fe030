import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALIGNMENT } from '../../src/kernels/calls.ts';
import { layOutArena } from '../../src/plan/arena.ts';

const interval = fc
  .record({ bytes: fc.integer({ min: 1, max: 1000 }), first: fc.nat(20), length: fc.nat(10) })
  .map(({ bytes, first, length }) => ({ bytes, first, last: first + length }));

test('no two that live at the same time overlap; all are aligned and inside', () => {
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 30 }), (intervals) => {
      const { offsets, bytes } = layOutArena(intervals);
      intervals.forEach((a, i) => {
        expect(offsets[i]! % ALIGNMENT).toBe(0);
        expect(offsets[i]! + a.bytes).toBeLessThanOrEqual(bytes);
        intervals.slice(0, i).forEach((b, j) => {
          const together = a.first <= b.last && b.first <= a.last;
          const apart =
            offsets[i]! + a.bytes <= offsets[j]! || offsets[j]! + b.bytes <= offsets[i]!;
          expect(!together || apart, `${i} and ${j}`).toBe(true);
        });
      });
    }),
  );
});

test('memory of what is no longer wanted is used again', () => {
  const chain = Array.from({ length: 10 }, (_, step) => ({
    bytes: 640,
    first: step,
    last: step + 1,
  }));
  expect(layOutArena(chain).bytes).toBe(2 * 640);
});
