import { expect, test } from 'vitest';
import { parseGraph } from '../../src/graph/parse.ts';
import type { Tensor } from '../../src/tensor.ts';
import { planGraph } from '../helpers/plan.ts';
import { f32 } from '../networks/tiny-network.ts';

/** A network of two nodes, an average and `node` of three channels. */
function graphOf(node: Record<string, unknown>, tensors: Record<string, Tensor>) {
  const nodes = [
    { name: 'mean', op: 'global_average_pool', inputs: ['image'] },
    { name: 'layer', inputs: ['mean'], ...node },
  ];
  const json = { inputs: [{ name: 'image', shape: [3, 2, 2] }], nodes, outputs: ['layer'] };
  return parseGraph(json, new Map(Object.entries(tensors)));
}

const three = (value: number) => f32([3], [1, value, 1]);
const batchNorm = (variance: number, gamma: number) => () =>
  graphOf(
    {
      op: 'batch_norm',
      mean: 'mean',
      variance: 'variance',
      gamma: 'gamma',
      beta: 'beta',
      epsilon: 0,
    },
    { mean: three(0), variance: three(variance), gamma: three(gamma), beta: three(0) },
  );

test.each([
  ['a tiny variance', batchNorm(1e-40, 1e20)],
  ['a huge factor', batchNorm(0.5, 3.3e38)],
  ['a factor that overflows', batchNorm(1e-30, 1e30)],
])('%s: CONSTANT_NOT_FINITE, with the layer and the channel', (_, make) => {
  const graph = make();
  for (const build of ['plain', 'simd'] as const) {
    expect(() => planGraph(graph, build)).toThrow(
      expect.objectContaining({
        code: 'CONSTANT_NOT_FINITE',
        message: expect.stringMatching(/channel 1 of layer /),
      }),
    );
  }
});

test('large, but finite', () => {
  expect(() => planGraph(batchNorm(1, 3e38)(), 'plain')).not.toThrow();
});
