import { expect, test } from 'vitest';
import { binaryConv2d, type ConvolutionCase, graphBuilder } from '../helpers/graphs.ts';
import { planGraph } from '../helpers/plan.ts';
import { randomFrom } from '../helpers/random.ts';
import { BUILDS, runGraph } from '../helpers/run.ts';

/** A pointwise convolution of signs, four outputs: one of ones only, three of anything. */
function graphOf(inChannels: number) {
  const window = { kernel: [1, 1], stride: [1, 1], padding: [0, 0, 0, 0] } as const;
  const c: ConvolutionCase = {
    inChannels,
    outChannels: 4,
    groups: 1,
    height: 1,
    width: 1,
    ...window,
  };
  const builder = graphBuilder([inChannels, 1, 1]);
  builder.add({ name: 'signs', op: 'sign', inputs: ['image'], threshold: undefined }, [
    inChannels,
    1,
    1,
  ]);
  const node = binaryConv2d('sums', 'signs', c, randomFrom(inChannels));
  for (let channel = 0; channel < inChannels; channel++) {
    node.weight[channel >> 6]! |= 1n << BigInt(channel & 63);
  }
  builder.add(node, [4, 1, 1]);
  return builder.finish('sums');
}

// Counts of all that differ: past 32,767 and 65,535, where 16 bits end.
test.each([32_764, 32_768, 65_532, 65_536, 131_076])(
  '%d channels, all signs wrong: every build counts all of them',
  async (channels) => {
    const graph = graphOf(channels);
    const input = new Float32Array(channels).fill(-1);
    const plain = await runGraph(graph, 'plain', input);
    expect(plain[0]).toBe(-channels);
    for (const build of BUILDS) expect(await runGraph(graph, build, input)).toEqual(plain);
    const kernels = planGraph(graph, 'simd').steps.map(({ kernel }) => kernel);
    expect(kernels.includes('binaryPointwiseNibbles')).toBe(channels <= 65_535);
  },
);
