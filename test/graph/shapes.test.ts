import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inferShape } from '../../src/ops/index.ts';
import type { Pool2dNode } from '../../src/ops/pool2d.ts';
import type { Padding, Pair } from '../../src/tensor.ts';

function pool(kernel: Pair, stride: Pair, padding: Padding): Pool2dNode {
  return { name: 'pool', op: 'max_pool2d', inputs: ['x'], kernel, stride, padding };
}

describe('places of a window', () => {
  test.each([
    ['112 of 224: the stem', 224, 3, 2, 1, 1, 112],
    ['same size', 7, 3, 1, 1, 1, 7],
    ['the last column is left over', 7, 2, 2, 0, 0, 3],
    ['padding after it takes that in', 7, 2, 2, 0, 1, 4],
    ['exactly one', 3, 3, 5, 0, 0, 1],
    ['a stride beyond the kernel', 10, 1, 4, 0, 0, 3],
  ])('%s', (_title, size, kernel, stride, before, after, expected) => {
    const vertical = pool([kernel, 1], [stride, 1], [before, 0, after, 0]);
    expect(inferShape(vertical, [[2, size, 4]])).toEqual([2, expected, 4]);
    const horizontal = pool([1, kernel], [1, stride], [0, before, 0, after]);
    expect(inferShape(horizontal, [[2, 4, size]])).toEqual([2, 4, expected]);
  });

  test('are those at which it lies inside the padded map', () => {
    const side = fc.record({
      size: fc.integer({ min: 1, max: 40 }),
      kernel: fc.integer({ min: 1, max: 9 }),
      stride: fc.integer({ min: 1, max: 5 }),
      before: fc.integer({ min: 0, max: 4 }),
      after: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(side, ({ size, kernel, stride, before, after }) => {
        let places = 0;
        for (let at = -before; at + kernel <= size + after; at += stride) places++;
        const node = pool([kernel, 1], [stride, 1], [before, 0, after, 0]);
        if (places === 0) expect(() => inferShape(node, [[1, size, 1]])).toThrow(/does not fit/);
        else expect(inferShape(node, [[1, size, 1]])).toEqual([1, places, 1]);
      }),
    );
  });
});

test('flatten multiplies, concat adds channels, global average pool keeps them', () => {
  const base = { name: 'n', inputs: ['x'] };
  expect(inferShape({ ...base, op: 'flatten' }, [[3, 4, 5]])).toEqual([60]);
  expect(inferShape({ ...base, op: 'flatten' }, [[7]])).toEqual([7]);
  const maps = [
    [3, 4, 5],
    [1, 4, 5],
    [2, 4, 5],
  ] as const;
  expect(inferShape({ ...base, op: 'concat' }, maps)).toEqual([6, 4, 5]);
  expect(inferShape({ ...base, op: 'global_average_pool' }, [[3, 4, 5]])).toEqual([3]);
});
