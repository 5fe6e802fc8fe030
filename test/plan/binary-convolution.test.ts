import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/graph/graph.ts';
import {
  binaryConv2d,
  type ConvolutionCase,
  describeCase,
  graphBuilder,
  outputSize,
} from '../helpers/graphs.ts';
import { randomFrom } from '../helpers/random.ts';
import { BUILDS, runGraph } from '../helpers/run.ts';
import { evaluateGraph } from '../reference/evaluate.ts';

/** image -> sign -> binary convolution, with integer sums as its output. */
function sumsGraph(c: ConvolutionCase, paddingValue: -1 | 0 | 1 = 0): Graph {
  const random = randomFrom(c.inChannels * 31 + c.outChannels * 7 + c.height);
  const builder = graphBuilder([c.inChannels, c.height, c.width]);
  const signs = builder.add(
    { name: 'signs', op: 'sign', inputs: ['image'], threshold: undefined },
    [c.inChannels, c.height, c.width],
  );
  const node = binaryConv2d('sums', signs, c, random, { paddingValue });
  return builder.finish(builder.add(node, [c.outChannels, ...outputSize(c)]));
}

async function expectEqualSums(c: ConvolutionCase, paddingValue: -1 | 0 | 1 = 0): Promise<void> {
  const graph = sumsGraph(c, paddingValue);
  const random = randomFrom(c.height * 13 + c.width);
  // Zeros too: sign(0) is -1.
  const input = random.floats(c.inChannels * c.height * c.width, () => random.below(5) - 2);
  const expected = evaluateGraph(graph, input).get(graph.output)!;
  for (const build of BUILDS) {
    const sums = await runGraph(graph, build, input);
    expect(sums, `${build} build, ${describeCase(c)}`).toEqual(expected);
  }
}

const square = (pixels: number) => [pixels, pixels, pixels, pixels] as const;
const pointwise = { groups: 1, kernel: [1, 1], stride: [1, 1], padding: square(0) } as const;
const same3x3 = { kernel: [3, 3], stride: [1, 1], padding: square(1) } as const;

describe('pointwise sums equal the reference', () => {
  const channels = [
    1, 3, 4, 8, 20, 32, 33, 63, 64, 65, 68, 100, 128, 236, 240, 244, 256, 500, 1024,
  ];
  test.each(channels)('%i input channels', async (inChannels) => {
    for (const outChannels of [4, 10, 12, 65]) {
      await expectEqualSums({ ...pointwise, inChannels, outChannels, height: 3, width: 13 });
    }
  });

  test.each([
    [1, 1],
    [1, 31],
    [4, 7],
    [5, 32],
    [33, 2],
  ])('a map of %i x %i', async (height, width) => {
    await expectEqualSums({ ...pointwise, inChannels: 64, outChannels: 8, height, width });
  });

  test.each([0, 1])('all %i activations and opposite weights: the largest counts', async (bit) => {
    for (const inChannels of [64, 240, 480, 1024]) {
      const graph = sumsGraph({ ...pointwise, inChannels, outChannels: 4, height: 2, width: 20 });
      const node = graph.nodes.find((n) => n.op === 'binary_conv2d')!;
      node.weight.fill(bit === 1 ? 0n : 0xffffffffffffffffn);
      if (inChannels % 64 !== 0 && bit === 0) clearPastTheEnd(node.weight, inChannels);
      const input = new Float32Array(inChannels * 40).fill(bit === 1 ? 1 : -1);
      for (const build of BUILDS) {
        const sums = await runGraph(graph, build, input);
        expect(new Set(sums), `${build}, ${inChannels} channels`).toEqual(new Set([-inChannels]));
      }
    }
  });
});

function clearPastTheEnd(words: BigUint64Array, elements: number): void {
  const perFilter = Math.ceil(elements / 64);
  for (let word = perFilter - 1; word < words.length; word += perFilter) {
    words[word]! &= (1n << BigInt(elements % 64)) - 1n;
  }
}

describe('grouped 3x3 with exact zero padding equals the reference', () => {
  const sizes: [number, number][] = [
    [1, 1],
    [1, 5],
    [5, 1],
    [2, 2],
    [3, 3],
    [7, 7],
    [9, 40],
    [6, 33],
  ];
  for (const k of [0, 1, 2, 3, 4]) {
    test.each(sizes)(`K = ${k}, a map of %i x %i`, async (height, width) => {
      for (const channels of [16, 32, 64, 80]) {
        const shape = { inChannels: channels, outChannels: channels, groups: channels / 2 ** k };
        await expectEqualSums({ ...same3x3, ...shape, height, width });
      }
    });
  }

  test.each([
    [12, 12, 12],
    [12, 12, 6],
    [9, 9, 3],
    [10, 20, 5],
    [66, 66, 11],
    [130, 26, 13],
    [7, 7, 1],
    [70, 3, 1],
    [256, 8, 2],
  ])('%i -> %i channels in %i groups', async (inChannels, outChannels, groups) => {
    await expectEqualSums({ ...same3x3, inChannels, outChannels, groups, height: 4, width: 6 });
  });
});

describe('any window equals the reference', () => {
  const shapes = [
    { inChannels: 16, outChannels: 16, groups: 1 },
    { inChannels: 24, outChannels: 24, groups: 3 },
    { inChannels: 8, outChannels: 8, groups: 8 },
  ];
  const windows: Pick<ConvolutionCase, 'kernel' | 'stride' | 'padding'>[] = [
    { kernel: [3, 3], stride: [1, 1], padding: square(0) },
    { kernel: [3, 3], stride: [2, 2], padding: square(1) },
    { kernel: [3, 3], stride: [1, 1], padding: [0, 0, 1, 1] },
    { kernel: [5, 5], stride: [1, 1], padding: square(2) },
    { kernel: [5, 3], stride: [2, 1], padding: [2, 1, 2, 1] },
    { kernel: [1, 1], stride: [2, 2], padding: square(0) },
    { kernel: [2, 4], stride: [1, 3], padding: [1, 0, 0, 2] },
    { kernel: [1, 1], stride: [1, 1], padding: square(1) },
  ];
  for (const window of windows) {
    const name = `${window.kernel.join('x')} stride ${window.stride.join('x')} padding ${window.padding}`;
    test.each([0, 1, -1] as const)(`${name}, padding value %i`, async (paddingValue) => {
      for (const shape of shapes) {
        await expectEqualSums({ ...shape, ...window, height: 8, width: 7 }, paddingValue);
      }
    });
  }
});
