import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { softmax, topK } from '../src/top-k.ts';

const floats = fc.float32Array({
  minLength: 1,
  maxLength: 40,
  noDefaultInfinity: true,
  noNaN: true,
});

describe('topK', () => {
  test('equals a stable sort, cut off', () => {
    fc.assert(
      fc.property(floats, fc.nat(40), (scores, k) => {
        const sorted = [...scores].map((score, index) => ({ index, score }));
        sorted.sort((a, b) => b.score - a.score);
        expect(topK(scores, k)).toEqual(sorted.slice(0, Math.min(k, scores.length)));
      }),
    );
  });

  test('equal scores in order of index; NaN last', () => {
    const best = topK(Float32Array.of(Number.NaN, 2, 5, 2, 5), 5);
    expect(best.map(({ index }) => index)).toEqual([2, 4, 1, 3, 0]);
  });
});

describe('softmax', () => {
  test('of logits whose powers would overflow', () => {
    expect([...softmax(Float32Array.of(1000, 1000))]).toEqual([0.5, 0.5]);
    expect([...softmax(Float32Array.of(-1000, 0))]).toEqual([0, 1]);
  });

  test('log 1, log 2 and log 5 give 1/8, 2/8 and 5/8', () => {
    const scores = softmax(Float32Array.from([1, 2, 5], Math.log));
    const expected = [0.125, 0.25, 0.625];
    for (const [index, score] of expected.entries()) expect(scores[index]).toBeCloseTo(score, 6);
  });

  test('a temperature of 2 halves the logits', () => {
    const logits = Float32Array.of(3, -1, 0.5);
    expect(softmax(logits, 2)).toEqual(softmax(logits.map((logit) => logit / 2)));
  });
});
