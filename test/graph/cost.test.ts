import { describe, expect, test } from 'vitest';
import { graphCost } from '../../src/graph/cost.ts';
import { mobileNetV1, mobinet } from '../../src/graph/mobinet.ts';

const full = { width: 1, size: 224, classes: 1000 };

/** Millions of multiply-adds, the FLOPs columns of the paper's tables 3 and 4. */
const PAPER = [
  ['pre', [45.87, 46.57, 47.97, 50.76]],
  ['mid', [45.61, 46.04, 46.9, 48.62, 52]],
  ['post', [35.37, 35.8, 36.67, 38.39]],
] as const;

describe("the paper's FLOPs, within 0.02 million", () => {
  const figures = PAPER.flatMap(([block, row]) =>
    row.map((millions, k) => ({ block, k, millions })),
  );
  test.each(figures)('$block, K = $k: $millions', ({ block, k, millions }) => {
    const flops = graphCost(mobinet({ ...full, block, k })).flops / 1e6;
    // Table 4 gives Mid K = 4 as 0.52e8: two digits, so it is compared in whole millions.
    const difference = Math.abs((millions === 52 ? Math.round(flops) : flops) - millions);
    expect(difference, `${flops}`).toBeLessThanOrEqual(0.02);
  });

  test('float MobileNet v1: 569', () => {
    expect(Math.round(graphCost(mobileNetV1(full)).flops / 1e6)).toBe(569);
  });
});

test('Mid K = 3: 8.4 million parameters, 7.34 million of them bits, 2,353 M binary multiply-adds', () => {
  const cost = graphCost(mobinet({ ...full, block: 'mid', k: 3 }));
  expect(cost.binaryMacs / 1e6).toBeCloseTo(2353, 0);
  expect(cost.binaryParams / 1e6).toBeCloseTo(7.34, 1);
  const weights = cost.nodes
    .filter(({ op }) => op.endsWith('conv2d') || op === 'dense')
    .reduce((sum, node) => sum + node.params, 0);
  expect(weights / 1e6).toBeCloseTo(8.4, 1);
  expect(cost.bits).toBe(cost.binaryParams + 32 * (cost.params - cost.binaryParams));
});
