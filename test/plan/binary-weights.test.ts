import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GraphError } from '../../src/errors.ts';
import { graphCost } from '../../src/graph/cost.ts';
import type { Graph } from '../../src/graph/graph.ts';
import type { BinaryWeightConv2dNode } from '../../src/ops/binary_weight_conv2d.ts';
import { inferShape } from '../../src/ops/index.ts';
import type { Padding, Pair } from '../../src/tensor.ts';
import { graphBuilder, randomBits } from '../helpers/graphs.ts';
import { runInPieces } from '../helpers/pieces.ts';
import { planGraph } from '../helpers/plan.ts';
import { randomFrom } from '../helpers/random.ts';
import { BUILDS, runGraph } from '../helpers/run.ts';
import { evaluateGraph } from '../reference/evaluate.ts';

interface Case {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly padding: Padding;
  readonly groups: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly isTernary: boolean;
}

/** image -> convolution -> PReLU, plus the image where shapes agree; multiples of 1/8, so that sums are exact. */
function networkOf(
  inputShape: readonly [number, number, number],
  c: Case,
  seed: number,
): [Graph, Float32Array] {
  const random = randomFrom(seed);
  const { isTernary, ...window } = c;
  const elements = c.kernel[0] * c.kernel[1] * (c.inChannels / c.groups);
  const weight = randomBits(random, c.outChannels, elements);
  const nonzero = isTernary ? randomBits(random, c.outChannels, elements) : undefined;
  const node: BinaryWeightConv2dNode = {
    ...window,
    name: 'conv',
    op: 'binary_weight_conv2d',
    inputs: ['image'],
    weight: nonzero === undefined ? weight : weight.map((word, at) => word & nonzero[at]!),
    nonzero,
    alpha: random.floats(c.outChannels, () => 2 ** -random.below(4)),
  };
  const builder = graphBuilder(inputShape);
  const add = (each: Parameters<typeof builder.add>[0]) =>
    builder.add(each, inferShape(each, each.inputs.map(builder.shape)));
  add(node);
  const slope = random.floats(c.outChannels, () => (random.below(9) - 4) / 4);
  let value = add({ name: 'bent', op: 'prelu', inputs: ['conv'], slope });
  if (`${builder.shape(value)}` === `${inputShape}`) {
    value = add({ name: 'sum', op: 'add', inputs: [value, 'image'] });
  }
  const input = random.floats(
    inputShape.reduce((a, b) => a * b),
    random.eighth,
  );
  return [builder.finish(value), input];
}

/** Of 0 and -0 the same. */
const plainZeros = (numbers: Float32Array) => numbers.map((x) => x + 0);

const size = (most: number) => fc.integer({ min: 1, max: most });
const pad = fc.integer({ min: 0, max: 2 });
const cases = fc.record({
  kernel: fc.tuple(size(5), size(5)),
  stride: fc.tuple(size(3), size(3)),
  dilation: fc.tuple(size(2), size(2)),
  padding: fc.tuple(pad, pad, pad, pad),
  groups: size(3),
  inChannels: size(40),
  outChannels: size(10),
  isTernary: fc.boolean(),
  height: size(9),
  width: size(9),
  seed: fc.nat(),
});

test('binary and ternary weights of any window equal the reference', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ height, width, seed, ...c }) => {
      const [top, left, bottom, right] = c.padding;
      fc.pre((c.kernel[0] - 1) * c.dilation[0] < height + top + bottom);
      fc.pre((c.kernel[1] - 1) * c.dilation[1] < width + left + right);
      const inChannels = c.inChannels * c.groups;
      const shaped = { ...c, inChannels, outChannels: c.outChannels * c.groups };
      const [graph, input] = networkOf([inChannels, height, width], shaped, seed);
      const expected = plainZeros(evaluateGraph(graph, input).get(graph.output)!);
      for (const build of BUILDS) {
        expect(plainZeros(await runGraph(graph, build, input)), build).toEqual(expected);
        const pieces = await runInPieces(graph, build, input);
        expect(plainZeros(pieces), `${build}, in pieces`).toEqual(expected);
      }
    }),
    { numRuns: 60, seed: 5 },
  );
});

const same3x3: Case = {
  kernel: [3, 3],
  stride: [1, 1],
  dilation: [1, 1],
  padding: [1, 1, 1, 1],
  groups: 1,
  inChannels: 64,
  outChannels: 64,
  isTernary: false,
};

describe.each([false, true])('ternary: %s', (isTernary) => {
  test('numbers whose sums are rounded: the same bits in every build', async () => {
    const [graph] = networkOf([64, 9, 10], { ...same3x3, isTernary }, 8);
    const random = randomFrom(2);
    const input = random.floats(64 * 90, () => random.next() * 2 - 1);
    const [first, ...others] = await Promise.all(
      BUILDS.map((build) => runGraph(graph, build, input)),
    );
    for (const other of others) expect(other).toEqual(first);
    const expected = evaluateGraph(graph, input).get(graph.output)!;
    const worst = expected.reduce((most, x, at) => Math.max(most, Math.abs(x - first![at]!)), 0);
    expect(worst).toBeLessThan(1e-4);
  });

  test('a bit for each weight, and another for one that may be 0', () => {
    const [graph] = networkOf([64, 9, 10], { ...same3x3, isTernary }, 8);
    const { nodes } = graphCost(graph);
    const weights = 64 * 64 * 9;
    expect(nodes.find(({ name }) => name === 'conv')).toMatchObject({
      params: weights,
      binaryParams: weights,
      bits: weights * (isTernary ? 2 : 1) + 64 * 32,
      floatMacs: weights * 90,
      binaryMacs: 0,
    });
  });
});

test('an int16 stream is refused', () => {
  const [graph] = networkOf([64, 9, 10], same3x3, 8);
  const planned = () => planGraph({ ...graph, stream: { type: 'int16', fraction: 8 } }, 'simd');
  expect(planned).toThrow(GraphError);
  expect(planned).toThrow('sum cannot be computed in int16');
});
