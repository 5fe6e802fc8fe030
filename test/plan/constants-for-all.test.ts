import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/graph/graph.ts';
import { parseGraph } from '../../src/graph/parse.ts';
import type { Tensor } from '../../src/tensor.ts';
import { randomBits } from '../helpers/graphs.ts';
import { randomFrom } from '../helpers/random.ts';
import { BUILDS, runGraph } from '../helpers/run.ts';
import { evaluateGraph } from '../reference/evaluate.ts';
import { evaluateInt16 } from '../reference/int16.ts';

/** Each constant is one number for all channels: of few bits, so that float32 holds every sum. */
const CONSTANTS = {
  threshold: 0.375,
  later: -0.625,
  slope: -0.5,
  scale: 0.5,
  bias: 0.875,
};

function tensors(channels: number, elements: number): Map<string, Tensor> {
  const random = randomFrom(channels);
  const vector = (...data: number[]): Tensor => ({
    dtype: 'F32',
    shape: [data.length],
    data: Float32Array.from(data),
  });
  const bits = (count: number): Tensor => ({
    dtype: 'U64',
    shape: [channels, Math.ceil(count / 64)],
    data: randomBits(random, channels, count),
  });
  return new Map([
    ...Object.entries(CONSTANTS).map(([name, x]) => [name, vector(x)] as const),
    ['alpha', vector(...new Array(channels).fill(0.25))],
    ['first.weight', bits(elements)],
    ['second.weight', bits(channels)],
    [
      'stem.weight',
      {
        dtype: 'F32',
        shape: [channels, 3, 3, 3],
        data: random.floats(channels * 27, random.eighth),
      },
    ],
  ]);
}

/** Stem, a binary convolution of any kind and a pointwise one, whose sign the first one makes. */
function network(channels: number, groups: number, kernel: 1 | 3, stream?: Graph['stream']): Graph {
  const p = (kernel - 1) / 2;
  const binary = (name: string, input: string, size: number, groupCount: number, pad: number) => ({
    name,
    op: 'binary_conv2d',
    inputs: [input],
    weight: `${name}.weight`,
    alpha: 'alpha',
    kernel: [size, size],
    in_channels: channels,
    out_channels: channels,
    stride: [1, 1],
    padding: [pad, pad, pad, pad],
    groups: groupCount,
  });
  const nodes = [
    {
      name: 'stem',
      op: 'conv2d',
      inputs: ['image'],
      weight: 'stem.weight',
      stride: [2, 2],
      padding: [1, 1, 1, 1],
    },
    { name: 'stem.affine', op: 'affine', inputs: ['stem'], scale: 'scale', bias: 'bias' },
    { name: 'stem.prelu', op: 'prelu', inputs: ['stem.affine'], slope: 'slope' },
    { name: 'signs', op: 'sign', inputs: ['stem.prelu'], threshold: 'threshold' },
    binary('first', 'signs', kernel, groups, p),
    { name: 'shift', op: 'affine', inputs: ['first'], bias: 'bias' },
    { name: 'bent', op: 'prelu', inputs: ['shift'], slope: 'slope' },
    { name: 'norm', op: 'affine', inputs: ['bent'], scale: 'scale', bias: 'bias' },
    { name: 'sum', op: 'add', inputs: ['norm', 'stem.prelu'] },
    { name: 'later.signs', op: 'sign', inputs: ['sum'], threshold: 'later' },
    binary('second', 'later.signs', 1, 1, 0),
    { name: 'out.prelu', op: 'prelu', inputs: ['second'], slope: 'slope' },
    { name: 'out', op: 'add', inputs: ['out.prelu', 'sum'] },
  ];
  const json = {
    inputs: [{ name: 'image', shape: [3, 10, 18] }],
    nodes,
    outputs: ['out'],
    ...(stream === undefined ? {} : { stream }),
  };
  return parseGraph(json, tensors(channels, kernel * kernel * (channels / groups)));
}

const random = randomFrom(2);
const image = random.floats(3 * 10 * 18, random.eighth);

describe.each(BUILDS)('constants of [1], in the build %s', (build) => {
  describe.each<[string, number, number, 1 | 3]>([
    ['pointwise', 32, 1, 1],
    ['3x3 in groups of 8', 32, 4, 3],
    ['3x3 in groups of 3', 6, 2, 3],
    ['pointwise of odd channels', 7, 1, 1],
  ])('%s', (_, channels, groups, kernel) => {
    test('float32', async () => {
      const graph = network(channels, groups, kernel);
      const expected = evaluateGraph(graph, image).get('out')!;
      expect(await runGraph(graph, build, image)).toEqual(expected.map((x) => x + 0));
    });

    test('int16', async () => {
      const graph = network(channels, groups, kernel, { type: 'int16', fraction: 6 });
      expect(await runGraph(graph, build, image)).toEqual(evaluateInt16(graph, image));
    });
  });

  test.each([
    { op: 'affine', scale: 'scale', bias: 'bias' },
    { op: 'affine', scale: 'scale' },
    { op: 'affine', bias: 'bias' },
    { op: 'prelu', slope: 'slope' },
  ])('$op that no convolution takes in, on a map and on a vector: %o', async (attributes) => {
    const nodes = [
      { name: 'map', inputs: ['image'], ...attributes },
      { name: 'mean', op: 'global_average_pool', inputs: ['map'] },
      { name: 'out', inputs: ['mean'], ...attributes },
    ];
    const json = { inputs: [{ name: 'image', shape: [3, 4, 8] }], nodes, outputs: ['out'] };
    const graph = parseGraph(json, tensors(3, 3));
    const input = image.subarray(0, 96);
    const expected = evaluateGraph(graph, input).get('out')!;
    expect(await runGraph(graph, build, input)).toEqual(expected);
  });
});
