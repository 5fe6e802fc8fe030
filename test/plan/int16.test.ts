import { describe, expect, test } from 'vitest';
import { GraphError } from '../../src/errors.ts';
import type { Graph, Int16Stream } from '../../src/graph/graph.ts';
import { parseGraph } from '../../src/graph/parse.ts';
import { int16Filters } from '../../src/kernels/conv2d-int16.ts';
import { mobinet, mobinetDefinition } from '../../src/networks/mobinet.ts';
import type { Conv2dNode } from '../../src/ops/conv2d.ts';
import { type GraphNode, inferShape } from '../../src/ops/index.ts';
import {
  binaryConv2d,
  type ConvolutionCase,
  conv2d,
  graphBuilder,
  outputSize,
} from '../helpers/graphs.ts';
import { planGraph } from '../helpers/plan.ts';
import { randomFrom } from '../helpers/random.ts';
import { BUILDS, runGraph } from '../helpers/run.ts';
import { evaluateGraph } from '../reference/evaluate.ts';
import { evaluateInt16 } from '../reference/int16.ts';

const stream: Int16Stream = { type: 'int16', fraction: 9 };

async function expectEqual(graph: Graph, input: Float32Array): Promise<Float32Array> {
  const expected = evaluateInt16(graph, input);
  for (const build of BUILDS) {
    expect(await runGraph(graph, build, input), `${build} build`).toEqual(expected);
  }
  return expected;
}

function randomInput(graph: Graph, seed = 4): Float32Array {
  const random = randomFrom(seed);
  const length = graph.input.shape.reduce((product, size) => product * size, 1);
  return random.floats(length, () => random.next() * 4 - 2);
}

/** image -> sign -> binary convolution -> PReLU -> affine, plus the image where shapes agree. */
function unitGraph(
  inChannels: number,
  outChannels: number,
  groups: number,
  kernel: 1 | 3,
  size: readonly [number, number],
  options: { thresholds?: boolean; fraction?: number; offset?: number; reach?: number } = {},
): Graph {
  const random = randomFrom(inChannels * 5 + outChannels + kernel + size[1]);
  const [height, width] = size;
  const builder = graphBuilder([inChannels, height, width]);
  const p = (kernel - 1) / 2;
  const c = {
    inChannels,
    outChannels,
    groups,
    height,
    width,
    kernel: [kernel, kernel],
    stride: [1, 1],
    padding: [p, p, p, p],
  } as const;
  const add = (node: Parameters<typeof builder.add>[0]) =>
    builder.add(node, inferShape(node, node.inputs.map(builder.shape)));
  const taps = (kernel * kernel * inChannels) / groups;
  const threshold = options.thresholds
    ? random.floats(inChannels, () => random.next() - 0.5)
    : undefined;
  const signs = add({ name: 'signs', op: 'sign', inputs: ['image'], threshold });
  const alpha = random.floats(outChannels, () => (0.5 + random.next()) / Math.sqrt(taps));
  const conv = builder.add(binaryConv2d('conv', signs, c, random, { alpha }), [
    outChannels,
    ...outputSize(c),
  ]);
  // A knee of its own for every channel; with a larger reach, some of them beyond all counts.
  const reach = options.reach ?? 3 * Math.sqrt(taps);
  const shift = random.floats(outChannels, () => (random.next() - 0.5) * reach);
  const shifted = add({
    name: 'shift',
    op: 'affine',
    inputs: [conv],
    scale: undefined,
    bias: shift.map((x, channel) => x * alpha[channel]!),
  });
  const slope = random.floats(outChannels, () => random.next() * 3 - 1);
  const bent = add({ name: 'prelu', op: 'prelu', inputs: [shifted], slope });
  const scale = random.floats(outChannels, () => random.next() * 2 - 1);
  const bias = random.floats(outChannels, () => random.next() - 0.5 + (options.offset ?? 0));
  const norm = add({ name: 'norm', op: 'affine', inputs: [bent], scale, bias });
  const skip =
    outChannels === 2 * inChannels
      ? add({ name: 'double', op: 'concat', inputs: ['image', 'image'] })
      : 'image';
  const output =
    outChannels % inChannels === 0 && outChannels <= 2 * inChannels
      ? add({ name: 'sum', op: 'add', inputs: [norm, skip] })
      : norm;
  return { ...builder.finish(output), stream: { ...stream, fraction: options.fraction ?? 8 } };
}

describe('units equal the arithmetic of the documentation', () => {
  const shapes: [number, number, number, 1 | 3][] = [
    [32, 32, 4, 3],
    [16, 16, 16, 3],
    [32, 32, 2, 3],
    [32, 64, 1, 1],
    [256, 256, 1, 1],
    [500, 20, 1, 1],
    [6, 9, 3, 3],
    [7, 5, 1, 1],
  ];
  test.each(shapes)(
    '%i -> %i in %i groups, %i x',
    async (inChannels, outChannels, groups, kernel) => {
      for (const size of [
        [3, 5],
        [9, 33],
      ] as const) {
        for (const thresholds of [false, true]) {
          const graph = unitGraph(inChannels, outChannels, groups, kernel, size, { thresholds });
          const output = await expectEqual(graph, randomInput(graph));
          expect(new Set(output).size).toBeGreaterThan(10);
        }
      }
    },
  );

  test('knees beyond all counts, on either side', async () => {
    for (const [inChannels, kernel, groups] of [
      [32, 1, 1],
      [32, 3, 4],
    ] as const) {
      const taps = (kernel * kernel * inChannels) / groups;
      const graph = unitGraph(inChannels, 32, groups, kernel, [4, 5], { reach: 8 * taps });
      await expectEqual(graph, randomInput(graph));
    }
  });

  test('sums saturate', async () => {
    const graph = unitGraph(32, 32, 1, 1, [4, 4], { fraction: 10, offset: 31 });
    const output = await expectEqual(graph, randomInput(graph));
    expect(output.filter((x) => x === 32767 / 1024).length).toBeGreaterThan(10);
  });

  test('a unit is within a unit and a half of the stream of the float network', async () => {
    const graph = unitGraph(64, 64, 1, 1, [6, 6], { fraction: 9 });
    const { stream: _, ...float } = graph;
    const input = randomInput(graph).map((x) => Math.round(x * 512) / 512);
    const expected = evaluateGraph(float, input).get('sum')!;
    for (const build of BUILDS) {
      const output = await runGraph(graph, build, input);
      const error = Math.max(...output.map((x, at) => Math.abs(x - expected[at]!)));
      expect(error * 512).toBeLessThan(1.5);
      expect(error).toBeGreaterThan(0);
    }
  });
});

describe('float convolutions in integers', () => {
  test.each<[string, Pick<Conv2dNode, 'kernel' | 'stride' | 'padding' | 'groups'>]>([
    ['the stem', { kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1], groups: 1 }],
    ['stride 1', { kernel: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1], groups: 1 }],
    ['pointwise', { kernel: [1, 1], stride: [1, 1], padding: [0, 0, 0, 0], groups: 1 }],
    ['7 x 7, stride 2', { kernel: [7, 7], stride: [2, 2], padding: [3, 3, 3, 3], groups: 1 }],
    [
      '2 x 4, strides 3 and 2',
      { kernel: [2, 4], stride: [3, 2], padding: [0, 2, 0, 0], groups: 1 },
    ],
    ['depthwise', { kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1], groups: 4 }],
  ])('%s', async (_, window) => {
    for (const [height, width] of [
      [9, 13],
      [16, 64],
      [33, 8],
    ] as const) {
      for (const outChannels of [8, 12]) {
        const random = randomFrom(height + outChannels);
        const c = { ...window, inChannels: 4, outChannels, height, width };
        const builder = graphBuilder([4, height, width]);
        const node = { ...conv2d('conv', 'image', c, random) };
        node.weight.forEach((_weight, at) => {
          node.weight[at] = random.next() - 0.5;
        });
        builder.add(node, [outChannels, ...outputSize(c)]);
        const graph = { ...builder.finish('conv'), stream };
        const output = await expectEqual(graph, randomInput(graph));
        const { stream: _stream, ...float } = graph;
        const expected = evaluateGraph(float, randomInput(graph)).get('conv')!;
        const error = Math.max(...output.map((x, at) => Math.abs(x - expected[at]!)));
        // Half a multiple of the filter a tap, half a multiple of the input, and the final rounding.
        const scale = Math.min(...int16Filters(node).sumsPerOne) / 4096;
        const taps = node.weight.length / outChannels;
        const bound = 1 + 2 ** stream.fraction * taps * (0.5 / scale) * 2;
        expect(error * 2 ** stream.fraction).toBeLessThan(bound + 0.5);
      }
    }
  });

  test('a filter of zeros is its bias', async () => {
    const random = randomFrom(3);
    const c = { kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1], groups: 1 } as const;
    const shape = { ...c, inChannels: 3, outChannels: 4, height: 6, width: 6 };
    const builder = graphBuilder([3, 6, 6]);
    const node = conv2d('conv', 'image', shape, random);
    node.weight.fill(0, 27, 54);
    builder.add(node, [4, ...outputSize(shape)]);
    const graph = { ...builder.finish('conv'), stream };
    const output = await expectEqual(graph, randomInput(graph));
    expect(new Set(output.subarray(9, 18))).toEqual(new Set([node.bias![1]]));
  });

  test('inputs of 8 and more saturate', async () => {
    const random = randomFrom(3);
    const c = { kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1], groups: 1 } as const;
    const shape = { ...c, inChannels: 3, outChannels: 4, height: 6, width: 6 };
    const builder = graphBuilder([3, 6, 6]);
    builder.add(conv2d('conv', 'image', shape, random), [4, ...outputSize(shape)]);
    const graph = { ...builder.finish('conv'), stream: { ...stream, fraction: 4 } };
    const big = randomInput(graph).map((x) => x * 100);
    await expectEqual(graph, big);
    const limited = big.map((x) => Math.max(-8, Math.min(32767 / 4096, x)));
    for (const build of BUILDS) {
      expect(await runGraph(graph, build, big)).toEqual(await runGraph(graph, build, limited));
    }
  });
});

describe('pools of int16', () => {
  test.each(['average_pool2d', 'max_pool2d'] as const)('%s', async (op) => {
    for (const [kernel, stride, padding] of [
      [2, 2, 0],
      [3, 2, 1],
      [3, 1, 1],
    ] as const) {
      for (const [height, width] of [
        [2, 2],
        [6, 8],
        [7, 40],
      ] as const) {
        const shape = [12, height, width] as const;
        if (height < kernel) continue;
        // A unit first: pools read streams.
        const before = unitGraph(12, 12, 1, 1, [height, width]);
        const node = {
          name: 'pool',
          op,
          inputs: [before.output],
          kernel: [kernel, kernel],
          stride: [stride, stride],
          padding: [padding, padding, padding, padding],
        } as const;
        const pooled = inferShape(node, [shape]);
        const graph: Graph = {
          ...before,
          nodes: [...before.nodes, node],
          shapes: new Map([...before.shapes, ['pool', pooled]]),
          output: 'pool',
        };
        await expectEqual(graph, randomInput(graph));
      }
    }
  });
});

describe('whole networks equal the arithmetic of the documentation, in every build', () => {
  test.each(['none', 'pre', 'mid', 'post'] as const)('%s, K = 0, 2, 4', async (block) => {
    for (const k of [0, 2, 4]) {
      const graph = mobinet({ block, k, width: 0.5, size: 32, classes: 20, stream });
      await expectEqual(graph, randomInput(graph));
    }
  });

  test('mid, K = 3, width 1: all builds alike', async () => {
    const graph = mobinet({ block: 'mid', k: 3, width: 1, size: 64, classes: 50, stream });
    const input = randomInput(graph);
    const outputs = await Promise.all(BUILDS.map((build) => runGraph(graph, build, input)));
    for (const output of outputs) expect(output).toEqual(outputs[0]);
    expect(new Set(outputs[0]).size).toBeGreaterThan(40);
  });
});

test('half the memory for streams', () => {
  const options = { block: 'mid', k: 3, width: 1, size: 224, classes: 1000 } as const;
  const { arenaBytes } = planGraph(mobinet({ ...options, stream }), 'simd');
  expect(arenaBytes).toBeLessThan(0.6 * planGraph(mobinet(options), 'simd').arenaBytes);
});

describe('what cannot be', () => {
  const { json, tensors } = mobinetDefinition({
    block: 'mid',
    k: 1,
    width: 0.25,
    size: 32,
    classes: 4,
  });

  test.each([
    null,
    'int16',
    { type: 'int16' },
    { type: 'int8', fraction: 8 },
    { type: 'int16', fraction: 16 },
    { type: 'int16', fraction: 8.5 },
  ])('stream %j is refused', (bad) => {
    expect(() => parseGraph({ ...json, stream: bad }, tensors)).toThrow(
      expect.objectContaining({ code: 'GRAPH_INVALID' }),
    );
  });

  test('too many bits of fraction for what a channel can reach', () => {
    const graph = parseGraph({ ...json, stream: { type: 'int16', fraction: 14 } }, tensors);
    expect(() => planGraph(graph, 'simd')).toThrow(GraphError);
    expect(() => planGraph(graph, 'simd')).toThrow(/Channel \d+ of blocks\..* fewer than 14 bits/);
  });

  test.each([
    [512, false],
    [513, true],
  ])('a float 3x3 convolution of %d channels: refused %s', (channels, refused) => {
    const convolution = conv2d('out', 'image', convolutionOf(channels), randomFrom(1));
    const builder = graphBuilder([channels, 3, 3]);
    builder.add(convolution, [1, 3, 3]);
    const plan = () => planGraph({ ...builder.finish('out'), stream }, 'simd');
    if (!refused) expect(plan).not.toThrow();
    else expect(plan).toThrow(expect.objectContaining({ code: 'STREAM_UNSUPPORTED' }));
  });

  function convolutionOf(inChannels: number): ConvolutionCase {
    const window = { kernel: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1] } as const;
    return { inChannels, outChannels: 1, groups: 1, height: 3, width: 3, ...window };
  }

  test.each<GraphNode>([
    { name: 'out', op: 'relu', inputs: ['image'], max: undefined },
    { name: 'out', op: 'hard_tanh', inputs: ['image'] },
  ])('$op, which no convolution takes in', (node) => {
    const builder = graphBuilder([4, 3, 3]);
    builder.add(node, [4, 3, 3]);
    const graph = { ...builder.finish('out'), stream };
    expect(() => planGraph(graph, 'simd')).toThrow(
      expect.objectContaining({ code: 'STREAM_UNSUPPORTED' }),
    );
  });
});
