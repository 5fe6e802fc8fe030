import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Graph, Int16Stream } from '../../src/graph/graph.ts';
import { inferShape } from '../../src/ops/index.ts';
import { binaryConv2d, graphBuilder } from '../helpers/graphs.ts';
import { runInPieces } from '../helpers/pieces.ts';
import { planGraph } from '../helpers/plan.ts';
import { type Random, randomFrom } from '../helpers/random.ts';
import { BUILDS, runGraph } from '../helpers/run.ts';
import { evaluateGraph } from '../reference/evaluate.ts';
import { evaluateInt16 } from '../reference/int16.ts';

interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly padding: readonly [number, number, number, number];
  readonly paddingValue: -1 | 0 | 1;
}

interface Unit extends Window {
  /** Of a number that it reads; 1 for signs. */
  readonly bits?: number;
  /** Convolutions of them that are added; default 1. */
  readonly bases?: number;
  readonly groups: number;
  readonly outChannels: number;
}

const size = (most: number) => fc.integer({ min: 1, max: most });
const pad = fc.integer({ min: 0, max: 3 });
const anyWindow = fc.record({
  kernel: fc.tuple(size(7), size(7)),
  stride: fc.tuple(size(3), size(3)),
  dilation: fc.tuple(size(2), size(2)),
  padding: fc.tuple(pad, pad, pad, pad),
  paddingValue: fc.constantFrom(-1, 0, 1),
}) as fc.Arbitrary<Window>;
/** As networks have them: the output is as large as the input. */
const sameWindow = fc.record({ half: fc.nat(3), paddingValue: fc.constantFrom(-1, 0, 1) }).map(
  ({ half, paddingValue }): Window => ({
    kernel: [2 * half + 1, 2 * half + 1],
    stride: [1, 1],
    padding: [half, half, half, half],
    paddingValue: paddingValue as -1 | 0 | 1,
  }),
);
const window = fc.oneof(anyWindow, sameWindow);
/** Two kernels after another: the first makes the signs that the second reads. */
const networks = fc.record({
  groups: fc.constantFrom(1, 1, 2, 3),
  groupChannels: fc.tuple(size(40), size(20), size(20)),
  height: size(12),
  width: size(12),
  windows: fc.tuple(window, window),
  bits: fc.tuple(fc.constantFrom(1, 1, 2, 3, 4), fc.constantFrom(1, 1, 2, 3, 4)),
  bases: fc.tuple(fc.constantFrom(1, 1, 2, 3), fc.constantFrom(1, 1, 2, 3)),
  seed: fc.nat(),
});

const fits = ({ kernel, padding, dilation = [1, 1] }: Window, height: number, width: number) =>
  (kernel[0] - 1) * dilation[0] < height + padding[0] + padding[2] &&
  (kernel[1] - 1) * dilation[1] < width + padding[1] + padding[3];

/**
 * sign, convolution, PReLU, batch norm, twice; and what the first sign read where it has the shape. Or several
 * convolutions of a sign, and what it read where it has the shape, added up.
 */
function networkOf(
  inputShape: readonly [number, number, number],
  units: readonly Unit[],
  random: Random,
  stream?: Int16Stream,
): Graph | undefined {
  const builder = graphBuilder(inputShape);
  const add = (node: Parameters<typeof builder.add>[0]) =>
    builder.add(node, inferShape(node, node.inputs.map(builder.shape)));
  let value = 'image';
  for (const [index, unit] of units.entries()) {
    const [inChannels, height, width] = builder.shape(value) as typeof inputShape;
    if (!fits(unit, height, width)) return undefined;
    const { outChannels, bits = 1, bases = 1 } = unit;
    const thresholds = random.floats((2 ** bits - 1) * inChannels, random.eighth);
    const read = { name: `signs${index}`, inputs: [value] };
    const signs = add(
      bits === 1
        ? { ...read, op: 'sign', threshold: thresholds }
        : { ...read, op: 'levels', bits, thresholds },
    );
    const c = { inChannels, height, width, ...unit };
    const { paddingValue, dilation } = unit;
    const convolve = (name: string) => {
      const alpha = random.floats(outChannels, () => 2 ** -(1 + bits + random.below(3)));
      const options = { alpha, paddingValue, dilation, bits };
      return add(binaryConv2d(name, signs, c, random, options));
    };
    const sumOf = (name: string, inputs: string[]) => add({ name, op: 'add', inputs });
    const conv = convolve(`conv${index}`);
    if (bases > 1) {
      const isSame = `${builder.shape(conv)}` === `${builder.shape(value)}`;
      let sum = isSame ? sumOf(`begin${index}`, [conv, value]) : conv;
      for (let base = 1; base < bases; base++) {
        sum = sumOf(`sum${index}.${base}`, [sum, convolve(`conv${index}.${base}`)]);
      }
      value = sum;
      continue;
    }
    const slope = random.floats(outChannels, () => (random.below(5) - 2) / 4);
    const bent = add({ name: `bent${index}`, op: 'prelu', inputs: [conv], slope });
    const bias = random.floats(outChannels, random.eighth);
    value = add({ name: `out${index}`, op: 'affine', inputs: [bent], scale: undefined, bias });
  }
  const isUnit = (units.at(-1)!.bases ?? 1) === 1;
  const same = isUnit && `${builder.shape(value)}` === `${inputShape}`;
  if (same) value = add({ name: 'sum', op: 'add', inputs: [value, 'image'] });
  return { ...builder.finish(value), ...(stream && { stream }) };
}

type NetworkCase = typeof networks extends fc.Arbitrary<infer Case> ? Case : never;

function randomNetwork(c: NetworkCase, stream?: Int16Stream): [Graph, Float32Array] | undefined {
  const random = randomFrom(c.seed);
  const [first, second, third] = c.groupChannels.map((channels) => channels * c.groups);
  const shape = [first!, c.height, c.width] as const;
  const units = [
    { ...c.windows[0], bits: c.bits[0], bases: c.bases[0], groups: c.groups, outChannels: second! },
    {
      ...c.windows[1],
      bits: c.bits[1],
      bases: c.bases[1],
      groups: 1,
      outChannels: c.seed % 2 === 0 ? first! : third!,
    },
  ];
  const graph = networkOf(shape, units, random, stream);
  return graph && [graph, random.floats(first! * c.height * c.width, random.eighth)];
}

describe('two binary convolutions of any windows, channels and groups equal the reference', () => {
  test('with a float32 stream', async () => {
    await fc.assert(
      fc.asyncProperty(networks, async (c) => {
        const made = randomNetwork(c);
        fc.pre(made !== undefined);
        const [graph, input] = made;
        const expected = evaluateGraph(graph, input).get(graph.output)!;
        for (const build of BUILDS) {
          expect(await runGraph(graph, build, input), build).toEqual(expected);
          expect(await runInPieces(graph, build, input), `${build}, in pieces`).toEqual(expected);
        }
      }),
      { numRuns: 60, seed: 11 },
    );
  });

  test('with an int16 stream', async () => {
    await fc.assert(
      fc.asyncProperty(networks, async (c) => {
        const made = randomNetwork(c, { type: 'int16', fraction: 4 });
        fc.pre(made !== undefined);
        const [graph, input] = made;
        const expected = evaluateInt16(graph, input);
        for (const build of BUILDS) {
          expect(await runGraph(graph, build, input), build).toEqual(expected);
        }
      }),
      { numRuns: 60, seed: 12 },
    );
  });
});

test.each([
  { kernel: 3, stride: 1, padding: 1, channels: 256, kernels: 'binaryConv2dNibbles' },
  { kernel: 7, stride: 2, padding: 3, channels: 3, kernels: 'binaryConv2dNibbles' },
  { kernel: 1, stride: 2, padding: 0, channels: 64, kernels: 'binaryConv2dNibbles' },
  { kernel: 1, stride: 1, padding: 0, channels: 30, kernels: 'binaryConv2dNibbles' },
  { kernel: 1, stride: 1, padding: 0, channels: 32, kernels: 'binaryPointwiseNibbles' },
])('$kernel x $kernel, stride $stride, $channels channels: $kernels', (c) => {
  const { kernel, stride, padding: p, channels } = c;
  const unit: Unit = {
    kernel: [kernel, kernel],
    stride: [stride, stride],
    padding: [p, p, p, p],
    paddingValue: 0,
    groups: 1,
    outChannels: channels,
  };
  const graph = networkOf([channels, 14, 14], [unit], randomFrom(1))!;
  const kernels = planGraph(graph, 'simd').steps.map((step) => step.kernel);
  expect(kernels).toContain(c.kernels);
  expect(kernels.filter((name) => name.includes('Words'))).toEqual([]);
});

test('numbers of 4 bits are packed in one call and read by another', () => {
  const unit: Unit = {
    ...{ kernel: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1], paddingValue: -1 },
    ...{ groups: 1, outChannels: 64, bits: 4 },
  };
  const graph = networkOf([64, 8, 8], [unit], randomFrom(5))!;
  const kernels = (build: 'simd' | 'plain') =>
    planGraph(graph, build).steps.map((step) => step.kernel);
  expect(kernels('simd')).toEqual([
    'planarToStream',
    'levelPlanes',
    'binaryConv2dNibbles',
    'streamToPlanar',
  ]);
  expect(kernels('plain')).toEqual([
    'planarToStream',
    'levelWords',
    'binaryConv2dWords',
    'streamToPlanar',
  ]);
});

test('bases of the same signs are added in one call', () => {
  const unit: Unit = {
    ...{ kernel: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1], paddingValue: 0 },
    ...{ groups: 1, outChannels: 64, bases: 3 },
  };
  const graph = networkOf([64, 8, 8], [unit, unit], randomFrom(5))!;
  const steps = planGraph(graph, 'simd').steps.map((step) => step.kernel);
  expect(steps.filter((kernel) => kernel === 'binaryConv2dNibbles')).toHaveLength(2);
  expect(steps.filter((kernel) => kernel === 'signPlanes')).toHaveLength(1);
});

test.each([
  { what: 'signs of many channels', bits: 1, channels: 512, kernel: 5 },
  { what: 'numbers of 4 bits', bits: 4, channels: 484, kernel: 3 },
  { what: 'more than 16 bits count', bits: 4, channels: 488, kernel: 3 },
])('the largest sum of a window is counted whole: $what', async ({ bits, channels, kernel }) => {
  const half = kernel >> 1;
  const unit: Unit = {
    kernel: [kernel, kernel],
    stride: [1, 1],
    padding: [half, half, half, half],
    paddingValue: 0,
    groups: 1,
    outChannels: 4,
  };
  const builder = graphBuilder([channels, 5, 6]);
  const read = { name: 'signs', inputs: ['image'] };
  const thresholds = new Float32Array(2 ** bits - 1);
  builder.add(
    bits === 1
      ? { ...read, op: 'sign', threshold: undefined }
      : { ...read, op: 'levels', bits, thresholds },
    [channels, 5, 6],
  );
  const c = { inChannels: channels, height: 5, width: 6, ...unit };
  const node = binaryConv2d('sums', 'signs', c, randomFrom(3), { bits });
  node.weight.fill(0xffffffffffffffffn);
  const graph = builder.finish(builder.add(node, [4, 5, 6]));
  const input = new Float32Array(channels * 30).fill(-1);
  const expected = evaluateGraph(graph, input).get('sums')!;
  expect(Math.min(...expected)).toBe(-(kernel ** 2) * channels * (2 ** bits - 1));
  for (const build of BUILDS) expect(await runGraph(graph, build, input)).toEqual(expected);
});
