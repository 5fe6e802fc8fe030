import { describe, expect, test } from 'vitest';
import { binaryLayers, NETWORK } from '../../bench/layers.js';
import { mobinet } from '../../src/networks/mobinet.ts';
import { binaryConv2d, type ConvolutionCase, graphBuilder } from '../helpers/graphs.ts';
import { randomFrom } from '../helpers/random.ts';
import { runGraph } from '../helpers/run.ts';

describe('every layer of MoBiNet-Mid K = 3 at 224: table look-ups equal 64-bit popcounts', () => {
  test.each(binaryLayers(mobinet(NETWORK)))(
    '$name',
    async ({ kernel, inChannels, outChannels, groups, size }) => {
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
      const [simd, plain] = [
        await runGraph(graph, 'simd', input),
        await runGraph(graph, 'plain', input),
      ];
      expect(simd.findIndex((sum, at) => sum !== plain[at])).toBe(-1);
      expect(new Set(simd).size).toBeGreaterThan(5);
    },
  );
});
