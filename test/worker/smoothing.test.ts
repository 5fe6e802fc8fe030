import { expect, test } from 'vitest';
import { createSmoother } from '../../src/worker/smoothing.ts';

const scores = (...values: number[]) => Float32Array.from(values);

test('the first frame is its own average; a change is 63 % there after the time constant', () => {
  const smooth = createSmoother(2);
  expect([...smooth(scores(1, 0), 10)]).toEqual([1, 0]);
  const [before, after] = smooth(scores(0, 1), 12);
  expect(before).toBeCloseTo(Math.exp(-1), 6);
  expect(after).toBeCloseTo(1 - Math.exp(-1), 6);
});

test('it is the same however many frames there are in between', () => {
  const often = createSmoother(0.3);
  const seldom = createSmoother(0.3);
  often(scores(1), 0);
  seldom(scores(1), 0);
  for (let frame = 1; frame < 30; frame++) often(scores(0), frame / 30);
  expect(often(scores(0), 1)[0]).toBeCloseTo(seldom(scores(0), 1)[0]!, 5);
});

test('it begins anew where the video goes back, and a time constant of 0 is none', () => {
  const smooth = createSmoother(5);
  smooth(scores(1), 7);
  expect([...smooth(scores(0.25), 2)]).toEqual([0.25]);
  const none = createSmoother(0);
  none(scores(1), 0);
  expect([...none(scores(0), 0)]).toEqual([0]);
});
