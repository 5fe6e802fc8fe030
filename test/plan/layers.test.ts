import { describe, expect, test } from 'vitest';
import { binaryLayers } from '../../bench/layers.js';
import { binaryConv2d, type ConvolutionCase, graphBuilder } from '../helpers/graphs.ts';
import { randomFrom } from '../helpers/random.ts';
import { BUILDS, runGraph } from '../helpers/run.ts';

describe('every layer of MoBiNet-Mid K = 3 at 224: table look-ups equal 64-bit popcounts', () => {
  test.each(binaryLayers())('$name', async ({ kernel, inChannels, outChannels, groups, size }) => {
    const random = randomFrom(inChannels + outChannels + size);
    const builder = graphBuilder([inChannels, size, size]);
    const shape = [inChannels, size, size] as const;
    builder.add({ name: 'signs', op: 'sign', inputs: ['image'], threshold: undefined }, shape);
    const p = (kernel - 1) / 2;
    const c: ConvolutionCase = {
      inChannels,
      outChannels,
      groups,
      height: size,
      width: size,
      kernel: [kernel, kernel],
      stride: [1, 1],
      padding: [p, p, p, p],
    };
    builder.add(binaryConv2d('sums', 'signs', c, random), [outChannels, size, size]);
    const graph = builder.finish('sums');
    const input = random.floats(inChannels * size * size, () => random.below(2) - 0.5);
    const [plain, ...others] = await Promise.all(
      BUILDS.map((build) => runGraph(graph, build, input)),
    );
    for (const sums of others) {
      expect(sums.findIndex((sum, at) => sum !== plain![at])).toBe(-1);
    }
    expect(new Set(plain).size).toBeGreaterThan(5);
  });
});
