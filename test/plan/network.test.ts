import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/graph/graph.ts';
import { parseGraph } from '../../src/graph/parse.ts';
import { mobileNetV1 } from '../../src/networks/mobilenet-v1.ts';
import { mobinet } from '../../src/networks/mobinet.ts';
import type { GraphNode } from '../../src/ops/index.ts';
import { inferShape } from '../../src/ops/index.ts';
import type { Padding, Pair, Shape } from '../../src/tensor.ts';
import {
  binaryConv2d,
  conv2d,
  type GraphBuilder,
  graphBuilder,
  outputSize,
} from '../helpers/graphs.ts';
import { planGraph } from '../helpers/plan.ts';
import { type Random, randomFrom } from '../helpers/random.ts';
import { BUILDS, runGraph } from '../helpers/run.ts';
import { tinyNetwork } from '../networks/tiny-network.ts';
import { evaluateGraph } from '../reference/evaluate.ts';

/**
 * Constants are multiples of 1/8 and few, so that float32 holds every sum exactly, in any order:
 * the kernels must equal the reference, not resemble it.
 */
async function expectEqual(graph: Graph, input: Float32Array): Promise<void> {
  // Adding 0 makes -0, which is equal, the same.
  const expected = evaluateGraph(graph, input)
    .get(graph.output)!
    .map((x) => x + 0);
  expect(expected.every(Number.isFinite)).toBe(true);
  for (const build of BUILDS) {
    const output = await runGraph(graph, build, input);
    expect(
      output.map((x) => x + 0),
      `${build} build`,
    ).toEqual(expected);
  }
}

function eighths(shape: Shape, seed = 3): Float32Array {
  const random = randomFrom(seed);
  return random.floats(
    shape.reduce((product, size) => product * size, 1),
    random.eighth,
  );
}

/** Adds a node whose shape follows from its inputs. */
function add(builder: GraphBuilder, node: GraphNode): string {
  return builder.add(node, inferShape(node, node.inputs.map(builder.shape)));
}

function run(node: (input: string, random: Random) => GraphNode, shape: [number, number, number]) {
  const builder = graphBuilder(shape);
  const graph = builder.finish(add(builder, node('image', randomFrom(5))));
  return expectEqual(graph, eighths(shape));
}

const noPadding: Padding = [0, 0, 0, 0];
const one: Pair = [1, 1];

describe('float convolutions', () => {
  test.each<[string, number, number, number, Pair, Pair, Padding, number, number]>([
    ['stem, stride 2', 3, 32, 1, [3, 3], [2, 2], [1, 1, 1, 1], 16, 16],
    ['stem, stride 2, odd size', 3, 5, 1, [3, 3], [2, 2], [1, 1, 1, 1], 17, 33],
    ['stride 2 padded at the end only', 3, 4, 1, [3, 3], [2, 2], [0, 0, 1, 1], 8, 8],
    ['3x3 stride 1', 4, 6, 1, [3, 3], one, [1, 1, 1, 1], 5, 40],
    ['depthwise', 6, 6, 6, [3, 3], one, [1, 1, 1, 1], 7, 9],
    ['depthwise, stride 2', 6, 6, 6, [3, 3], [2, 2], [1, 1, 1, 1], 8, 12],
    ['grouped', 8, 12, 4, [3, 3], one, [1, 1, 1, 1], 6, 6],
    ['5x5', 2, 3, 1, [5, 5], one, [2, 2, 2, 2], 9, 9],
    ['1x7', 2, 3, 1, [1, 7], one, [0, 3, 0, 3], 3, 12],
    ['strides that differ', 2, 3, 1, [3, 3], [1, 3], [1, 1, 1, 1], 6, 11],
    ['pointwise', 16, 12, 1, one, one, noPadding, 5, 13],
    ['pointwise, odd channels', 7, 5, 1, one, one, noPadding, 4, 33],
    ['pointwise, stride 2', 4, 4, 1, one, [2, 2], noPadding, 6, 6],
  ])('%s', async (_, inChannels, outChannels, groups, kernel, stride, padding, height, width) => {
    const c = { inChannels, outChannels, groups, kernel, stride, padding, height, width };
    await run((input, random) => conv2d('out', input, c, random), [inChannels, height, width]);
  });
});

/** What is before has biases, so that the column between two rows of its stream is not 0. */
describe('float convolutions of a stream that keep its width', () => {
  test.each<[string, number, number, Pair, Padding, Pair?]>([
    ['depthwise', 6, 6, [3, 3], [1, 1, 1, 1]],
    ['dense', 6, 1, [3, 3], [1, 1, 1, 1]],
    ['grouped, odd outputs', 3, 3, [3, 3], [1, 1, 1, 1]],
    ['higher than wide', 6, 2, [5, 3], [2, 1, 2, 1]],
    ['fewer rows than before', 6, 6, [3, 1], noPadding],
    ['more rows than before', 6, 6, [2, 3], [3, 1, 2, 1]],
    ['padded on the left only', 6, 3, [2, 2], [0, 1, 1, 0]],
    ['padded on the right only', 6, 3, [2, 2], [1, 0, 0, 1]],
    ['dilated', 6, 6, [3, 2], [2, 1, 2, 1], [3, 2]],
  ])('%s', async (_, outChannels, groups, kernel, padding, dilation) => {
    for (const [height, width] of [
      [3, 2],
      [4, 31],
      [9, 9],
      [5, 40],
    ] as Pair[]) {
      const shape = { inChannels: 6, outChannels, groups, kernel, stride: one, padding };
      const random = randomFrom(height + width);
      const builder = graphBuilder([3, height, width]);
      const pointwise = { kernel: one, stride: one, padding: noPadding, height, width };
      const before = { ...pointwise, inChannels: 3, outChannels: 6, groups: 1 };
      const input = add(builder, conv2d('before', 'image', before, random));
      const window = conv2d('out', input, { ...shape, height, width }, random);
      const graph = builder.finish(add(builder, { ...window, dilation }));
      const kernels = planGraph(graph, 'plain').steps.map(({ kernel }) => kernel);
      expect(kernels).toContain('columnsOfStream');
      await expectEqual(graph, eighths([3, height, width]));
    }
  });
});

describe('pools', () => {
  const windows: [string, Pair, Pair, Padding][] = [
    ['2x2', [2, 2], [2, 2], noPadding],
    ['2x2, overlapping', [2, 2], [1, 1], noPadding],
    ['4x2', [4, 2], [4, 2], noPadding],
    ['2x2, padded', [2, 2], [2, 2], [1, 1, 0, 0]],
  ];
  for (const op of ['average_pool2d', 'max_pool2d'] as const) {
    test.each(windows)(`${op} %s`, async (_, kernel, stride, padding) => {
      for (const [height, width] of [
        [2, 2],
        [4, 8],
        [8, 34],
        [6, 7],
        [5, 64],
      ] as Pair[]) {
        if (height < kernel[0]) continue;
        const node = { name: 'out', op, kernel, stride, padding };
        await run((input) => ({ ...node, inputs: [input] }), [5, height, width]);
      }
    });
  }

  test('max_pool2d whose taps are apart', async () => {
    const window = { kernel: [2, 3], stride: [2, 1], padding: [1, 2, 0, 2] } as const;
    const node = { name: 'out', op: 'max_pool2d', ...window, dilation: [3, 2] } as const;
    await run((input) => ({ ...node, inputs: [input] }), [5, 9, 34]);
  });

  test('max_pool2d whose taps are farther apart than the map is wide is refused', () => {
    const window = { kernel: [2, 2], stride: [1, 1], padding: [1, 1, 1, 1] } as const;
    const node = { name: 'out', op: 'max_pool2d', inputs: ['image'], ...window } as const;
    expect(inferShape({ ...node, dilation: [2, 2] }, [[5, 2, 2]])).toEqual([5, 2, 2]);
    expect(() => inferShape({ ...node, dilation: [2, 2] }, [[5, 1, 2]])).toThrow(/dilation is at/);
  });

  test.each<[number, number]>([
    [1, 1],
    [2, 2],
    [4, 8],
    [1, 32],
    [8, 16],
  ])('global average of %i x %i', (height, width) =>
    run(
      (input) => ({ name: 'out', op: 'global_average_pool', inputs: [input] }),
      [6, height, width],
    ),
  );
});

describe('element-wise operations on a map and on a vector', () => {
  const operations: [string, (input: string, random: Random, channels: number) => GraphNode][] = [
    [
      'prelu',
      (input, random, n) => ({
        name: 'out',
        op: 'prelu',
        inputs: [input],
        slope: random.floats(n, random.eighth),
      }),
    ],
    ['relu', (input) => ({ name: 'out', op: 'relu', inputs: [input], max: undefined })],
    ['relu6', (input) => ({ name: 'out', op: 'relu', inputs: [input], max: 1.5 })],
    ['hard tanh', (input) => ({ name: 'out', op: 'hard_tanh', inputs: [input] })],
    [
      'affine',
      (input, random, n) => ({
        name: 'out',
        op: 'affine',
        inputs: [input],
        scale: random.floats(n, random.eighth),
        bias: random.floats(n, random.eighth),
      }),
    ],
    ['sigmoid', (input) => ({ name: 'out', op: 'sigmoid', inputs: [input] })],
    ['a value squared', (input) => ({ name: 'out', op: 'multiply', inputs: [input, input] })],
    ['a value added to itself', (input) => ({ name: 'out', op: 'add', inputs: [input, input] })],
    ['a value beside itself', (input) => ({ name: 'out', op: 'concat', inputs: [input, input] })],
  ];
  test.each(operations)('%s', async (_, node) => {
    for (const shape of [
      [6, 5, 33],
      [3, 1, 1],
      [70, 4, 8],
    ] as [number, number, number][]) {
      await run((input, random) => node(input, random, shape[0]), shape);
    }
    const builder = graphBuilder([6, 4, 4]);
    const vector = add(builder, { name: 'mean', op: 'global_average_pool', inputs: ['image'] });
    const isMapOnly = node(vector, randomFrom(5), 6).op === 'concat';
    if (isMapOnly) return;
    await expectEqual(
      builder.finish(add(builder, node(vector, randomFrom(5), 6))),
      eighths([6, 4, 4]),
    );
  });
});

describe('products', () => {
  test.each<[string, [number, number, number]]>([
    ['a factor for each channel', [5, 1, 1]],
    ['a factor for each pixel', [1, 6, 33]],
    ['a factor for each number', [5, 6, 33]],
  ])('%s', async (_, [channels, height, width]) => {
    const builder = graphBuilder([5, 6, 33]);
    const window = { inChannels: 5, outChannels: channels, groups: 1, height: 6, width: 33 };
    const factor = add(
      builder,
      conv2d(
        'factor',
        'image',
        { ...window, kernel: [7 - height, 34 - width], stride: one, padding: noPadding },
        randomFrom(7),
      ),
    );
    const node = { name: 'out', op: 'multiply', inputs: ['image', factor] } as const;
    await expectEqual(builder.finish(add(builder, node)), eighths([5, 6, 33]));
  });

  test('a vector of factors for a map, which is then normalised', async () => {
    const builder = graphBuilder([40, 4, 9]);
    add(builder, { name: 'mean', op: 'global_average_pool', inputs: ['image'] });
    add(builder, { name: 'gate', op: 'sigmoid', inputs: ['mean'] });
    add(builder, { name: 'gated', op: 'multiply', inputs: ['image', 'gate'] });
    const bias = Float32Array.of(0.5);
    add(builder, { name: 'out', op: 'affine', inputs: ['gated'], scale: undefined, bias });
    await expectEqual(builder.finish('out'), eighths([40, 4, 9]));
  });
});

test('round takes halves away from 0 and keeps its bounds, of maps and of vectors', async () => {
  const random = randomFrom(9);
  const map = graphBuilder([5, 6, 33]);
  const node = { name: 'out', op: 'round', min: -2, max: 3 } as const;
  const graph = map.finish(add(map, { ...node, inputs: ['image'] }));
  await expectEqual(
    graph,
    random.floats(5 * 6 * 33, () => 4 * random.eighth()),
  );
  const vector = graphBuilder([8, 1, 1]);
  const flat = add(vector, { name: 'flat', op: 'flatten', inputs: ['image'] });
  const rounded = vector.finish(add(vector, { ...node, inputs: [flat] }));
  const input = Float32Array.of(0.49999997, -0.49999997, 0.5, -0.5, 1.5, -2.5, 9, -9);
  await expectEqual(rounded, input);
});

test('a sigmoid goes from 0 to 1, whatever its input', async () => {
  const builder = graphBuilder([1, 1, 8]);
  const graph = builder.finish(add(builder, { name: 'out', op: 'sigmoid', inputs: ['image'] }));
  const input = Float32Array.of(-3e38, -1000, -20, -0, 1e-30, 20, 1000, 3e38);
  await expectEqual(graph, input);
});

describe('dilated convolutions', () => {
  test.each<[string, Pair, Pair, Padding, Pair]>([
    ['twice as far apart', [3, 3], one, [2, 2, 2, 2], [2, 2]],
    ['with stride', [3, 3], [2, 2], [1, 2, 3, 0], [3, 2]],
    ['in one direction', [1, 4], [3, 1], noPadding, [1, 5]],
  ])('%s', async (_, kernel, stride, padding, dilation) => {
    const c = { inChannels: 4, outChannels: 4, groups: 2, kernel, stride, padding };
    const size = { ...c, height: 9, width: 35 };
    const random = randomFrom(3);
    const builder = graphBuilder([4, 9, 35]);
    add(builder, { ...conv2d('floats', 'image', size, random), dilation });
    await expectEqual(builder.finish('floats'), eighths([4, 9, 35]));
    add(builder, { name: 'signs', op: 'sign', inputs: ['image'], threshold: undefined });
    for (const paddingValue of [0, 1, -1] as const) {
      const name = `bits ${paddingValue}`;
      add(builder, {
        ...binaryConv2d(name, 'signs', size, random, { paddingValue }),
        dilation,
      });
      await expectEqual(builder.finish(name), eighths([4, 9, 35]));
    }
  });
});

describe('dense', () => {
  test.each([1, 5, 16, 17, 200])('%i outputs, float and 8-bit weights', async (outChannels) => {
    for (const int8 of [false, true]) {
      const builder = graphBuilder([12, 2, 2]);
      const flat = add(builder, { name: 'flat', op: 'flatten', inputs: ['image'] });
      const random = randomFrom(outChannels);
      add(builder, {
        name: 'out',
        op: 'dense',
        inputs: [flat],
        weight: int8
          ? Int8Array.from({ length: 48 * outChannels }, () => random.below(255) - 127)
          : random.floats(48 * outChannels, random.eighth),
        weightScale: int8 ? random.floats(outChannels, () => 2 ** -random.below(4)) : undefined,
        bias: random.floats(outChannels, random.eighth),
        inChannels: 48,
        outChannels,
      });
      await expectEqual(builder.finish('out'), eighths([12, 2, 2]));
    }
  });
});

/** One unit of MoBiNet with constants of a few bits. */
function unit(
  builder: GraphBuilder,
  name: string,
  input: string,
  outChannels: number,
  k: number | undefined,
  random: Random,
): string {
  const [inChannels, height, width] = builder.shape(input) as [number, number, number];
  const same3x3 = { kernel: [3, 3], stride: one, padding: [1, 1, 1, 1] } as const;
  const pointwise = { kernel: one, stride: one, padding: noPadding } as const;
  const groups = k === undefined ? 1 : inChannels / 2 ** k;
  const c = {
    inChannels,
    outChannels,
    groups,
    height,
    width,
    ...(k === undefined ? pointwise : same3x3),
  };
  const few = (values: readonly number[]) =>
    random.floats(outChannels, () => values[random.below(values.length)]!);
  const signs = add(builder, {
    name: `${name}.sign`,
    op: 'sign',
    inputs: [input],
    threshold: random.next() < 0.5 ? undefined : random.floats(inChannels, random.eighth),
  });
  const conv = builder.add(
    binaryConv2d(`${name}.conv`, signs, c, random, { alpha: few([0.125, 0.25]) }),
    [outChannels, ...outputSize(c)],
  );
  const bent = add(builder, {
    name: `${name}.prelu`,
    op: 'prelu',
    inputs: [conv],
    slope: few([0, 0.25, 0.5, -0.5, 1.5]),
  });
  const norm = add(builder, {
    name: `${name}.norm`,
    op: 'affine',
    inputs: [bent],
    scale: few([0.5, -0.5, 1, 0, -1]),
    bias: random.floats(outChannels, random.eighth),
  });
  const doubled =
    outChannels === 2 * inChannels
      ? add(builder, { name: `${name}.twice`, op: 'concat', inputs: [input, input] })
      : input;
  return outChannels % inChannels === 0
    ? add(builder, { name, op: 'add', inputs: [norm, doubled] })
    : norm;
}

test('PReLU of what has no slope: the constant, times its slope where it is negative', async () => {
  const constants = { scale: Float32Array.of(0, 0, 2), bias: Float32Array.of(-1, 1, -1) };
  const builder = graphBuilder([3, 2, 4]);
  add(builder, { name: 'line', op: 'affine', inputs: ['image'], ...constants });
  add(builder, { name: 'out', op: 'prelu', inputs: ['line'], slope: Float32Array.of(0.25) });
  await expectEqual(builder.finish('out'), eighths([3, 2, 4]));
});

describe('units in a row, their streams overwritten and their signs fused', () => {
  test.each([0, 1, 2, 3, 4])('K = %i: two blocks and a pool', async (k) => {
    const builder = graphBuilder([32, 8, 12]);
    const random = randomFrom(40 + k);
    let value = 'image';
    for (const [block, channels] of [32, 64].entries()) {
      value = unit(
        builder,
        `block${block}.depthwise`,
        value,
        value === 'image' ? 32 : 32,
        k,
        random,
      );
      value = unit(builder, `block${block}.expand`, value, channels, undefined, random);
      value = unit(builder, `block${block}.pointwise`, value, channels, undefined, random);
    }
    value = add(builder, {
      name: 'pool',
      op: 'average_pool2d',
      inputs: [value],
      kernel: [2, 2],
      stride: [2, 2],
      padding: noPadding,
    });
    value = unit(builder, 'last', value, 64, k, random);
    await expectEqual(builder.finish(value), eighths([32, 8, 12]));
  });

  test('a value that is read twice later is not overwritten', async () => {
    const builder = graphBuilder([16, 6, 6]);
    const random = randomFrom(8);
    const first = unit(builder, 'first', 'image', 16, undefined, random);
    const second = unit(builder, 'second', first, 16, 2, random);
    const third = unit(builder, 'third', second, 16, undefined, random);
    const sum = add(builder, { name: 'sum', op: 'add', inputs: [third, first] });
    const both = add(builder, { name: 'both', op: 'concat', inputs: [sum, second] });
    await expectEqual(builder.finish(both), eighths([16, 6, 6]));
  });

  test('one input, signed with two thresholds, for two convolutions', async () => {
    const builder = graphBuilder([20, 5, 7]);
    const random = randomFrom(9);
    const left = unit(builder, 'left', 'image', 20, 1, random);
    const right = unit(builder, 'right', 'image', 20, undefined, random);
    await expectEqual(
      builder.finish(add(builder, { name: 'sum', op: 'add', inputs: [left, right] })),
      eighths([20, 5, 7]),
    );
  });
});

test('a network of every operation, from its JSON', async () => {
  const { json, tensors } = tinyNetwork();
  const graph = parseGraph(json, tensors);
  const input = eighths([3, 6, 6]);
  const expected = evaluateGraph(graph, input).get('logits')!;
  const outputs = await Promise.all(BUILDS.map((build) => runGraph(graph, build, input)));
  for (const output of outputs) expect(output).toEqual(outputs[0]);
  // The square root of batch norm is no multiple of 1/8.
  for (const [index, logit] of outputs[0]!.entries())
    expect(logit).toBeCloseTo(expected[index]!, 4);
});

describe('whole networks: all builds give the same logits, bit for bit, run after run', () => {
  const networks: [string, () => Graph][] = [
    ...(['none', 'pre', 'mid', 'post'] as const).flatMap((block) =>
      [0, 1, 2, 3, 4].map((k): [string, () => Graph] => [
        `${block}, K = ${k}`,
        () => mobinet({ block, k, width: 0.5, size: 32, classes: 20 }),
      ]),
    ),
    [
      'mid, K = 3, width 1, 64 pixels',
      () => mobinet({ block: 'mid', k: 3, width: 1, size: 64, classes: 200 }),
    ],
    ['float MobileNet v1', () => mobileNetV1({ width: 0.5, size: 64, classes: 20 })],
  ];
  test.each(networks)('%s', async (_, make) => {
    const graph = make();
    const input = eighths(graph.input.shape);
    const outputs = await Promise.all(BUILDS.map((build) => runGraph(graph, build, input)));
    for (const output of outputs) expect(output).toEqual(outputs[0]);
    expect(new Set(outputs[0]).size).toBeGreaterThan(10);
  });
});

test('the plan of the 224 network keeps within 32 MB', () => {
  const { memoryBytes } = planGraph(
    mobinet({ block: 'mid', k: 3, width: 1, size: 224, classes: 1000 }),
    'simd',
  );
  expect(memoryBytes).toBeLessThan(32e6);
});
