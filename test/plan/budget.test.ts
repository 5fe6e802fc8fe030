import { describe, expect, test } from 'vitest';
import { GraphError } from '../../src/errors.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { parseGraph } from '../../src/graph/parse.ts';
import { DEFAULT_LIMITS } from '../../src/plan/budget.ts';
import type { Tensor } from '../../src/tensor.ts';
import { planGraph } from '../helpers/plan.ts';
import { processorTime } from '../helpers/processor-time.ts';
import { f32 } from '../networks/tiny-network.ts';

type Node = Record<string, unknown>;

function graphOf(
  shape: readonly number[],
  nodes: readonly Node[],
  tensors: Record<string, Tensor> = {},
): Graph {
  const json = { inputs: [{ name: 'image', shape }], nodes, outputs: [nodes.at(-1)!.name] };
  return parseGraph(json, new Map(Object.entries(tensors)));
}

const mean = (input: string): Node => ({
  name: 'out',
  op: 'global_average_pool',
  inputs: [input],
});

/** Concatenations of a value with itself, and an operation on the last: 3 * 2^count channels. */
function doublings(count: number, last: Node): Graph {
  const nodes = Array.from({ length: count }, (_, i) => {
    const input = i === 0 ? 'image' : `double${i - 1}`;
    return { name: `double${i}`, op: 'concat', inputs: [input, input] };
  });
  return graphOf(
    [3, 1, 1],
    [...nodes, { ...last, name: 'last', inputs: [`double${count - 1}`] }, mean('last')],
  );
}

function pool(side: number, kernel: number): Graph {
  const window = { kernel: [kernel, kernel], stride: [1, 1] };
  const padding = Array(4).fill(kernel - 1);
  const node = { name: 'pool', op: 'max_pool2d', inputs: ['image'], ...window, padding };
  return graphOf([3, side, side], [node, mean('pool')]);
}

const flat = (side: number, op: string): Graph =>
  graphOf(
    [3, side, side],
    [
      { name: 'flat', op: 'flatten', inputs: ['image'] },
      { name: 'out', op, inputs: ['flat'] },
    ],
  );

describe('networks of a kilobyte that ask for all there is', () => {
  test.each<[string, () => Graph, RegExp]>([
    ['24 doublings, then relu', () => doublings(24, { op: 'relu' }), /^values are /],
    ['20 doublings, then relu', () => doublings(20, { op: 'relu' }), /^values are /],
    [
      '20 doublings, relu6',
      () => doublings(20, { op: 'relu', max: 6 }),
      /^values are .* up to last /,
    ],
    ['20 doublings, hard tanh', () => doublings(20, { op: 'hard_tanh' }), /^values are /],
    ['an affine of a vector of 243 million', () => flat(9000, 'affine'), /^values are /],
    ['an affine of a vector of 30 million', () => flat(3200, 'affine'), /^channels are /],
    ['relu of a vector of 30 million', () => flat(3200, 'relu'), /^channels are .* up to out /],
    [
      'a pool of windows of 200 x 200',
      () => pool(200, 200),
      /^poolTaps are 6384640000 up to pool /,
    ],
    ['a pool of windows of 1024 x 1024', () => pool(100, 1024), /^poolTaps are /],
    ['a map of 9000 x 9000 in 40 operations', () => manyMaps(9000), /^values are /],
    ['a binary convolution of 10^13 products', binaryWindows, /^multiplyAdds are /],
    ['columns of a wide kernel', wideKernel, /^memoryBytes are /],
  ])('%s: GRAPH_TOO_LARGE, at once', (_, make, message) => {
    const graph = make();
    const before = process.memoryUsage();
    const begin = processorTime();
    expect(() => planGraph(graph, 'simd')).toThrow(message);
    expect(() => planGraph(graph, 'plain')).toThrow(GraphError);
    // Far from what making the objects took: 18 s and 3.6 GB.
    expect(processorTime() - begin).toBeLessThan(5000);
    const after = process.memoryUsage();
    expect(
      after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers,
    ).toBeLessThan(2 ** 28);
  });

  function manyMaps(side: number): Graph {
    const nodes = Array.from({ length: 40 }, (_, i) => ({
      name: `tanh${i}`,
      op: 'hard_tanh',
      inputs: [i === 0 ? 'image' : `tanh${i - 1}`],
    }));
    return graphOf([3, side, side], [...nodes, mean('tanh39')]);
  }

  function binaryWindows(): Graph {
    const weight: Tensor = { dtype: 'U64', shape: [1, 49152], data: new BigUint64Array(49152) };
    const signs = { name: 'signs', op: 'sign', inputs: ['image'] };
    const convolution = {
      name: 'sums',
      op: 'binary_conv2d',
      inputs: ['signs'],
      weight: 'weight',
      kernel: [1024, 1024],
      in_channels: 3,
      out_channels: 1,
      stride: [1, 1],
      padding: [0, 0, 0, 0],
    };
    return graphOf([3, 4096, 4096], [signs, convolution, mean('sums')], { weight });
  }

  function wideKernel(): Graph {
    const weight = f32([1, 3, 1, 1024], new Array(3072).fill(0));
    const convolution = {
      name: 'sums',
      op: 'conv2d',
      inputs: ['image'],
      weight: 'weight',
      stride: [1, 1],
      padding: [0, 512, 0, 512],
    };
    return graphOf([3, 1000, 1000], [convolution, mean('sums')], { weight });
  }
});

test('what the output does not need costs nothing', () => {
  const nodes = [
    { name: 'flat', op: 'flatten', inputs: ['image'] },
    { name: 'affine', op: 'affine', inputs: ['flat'] },
    mean('image'),
  ];
  const graph = graphOf([3, 3200, 3200], nodes);
  expect(planGraph(graph, 'simd').steps.map(({ value }) => value)).toEqual(['image', 'out']);
});

test('a node reads at most 1024 values', () => {
  const concat = (count: number) => () =>
    graphOf(
      [3, 1, 1],
      [{ name: 'many', op: 'concat', inputs: new Array(count).fill('image') }, mean('many')],
    );
  expect(concat(1024)).not.toThrow();
  expect(concat(100_000)).toThrow(
    /concat many: inputs has 100000 names \(it must have 2 to 1024\)/,
  );
});

test('ten thousand values that live at once are laid out in seconds', () => {
  const nodes: Node[] = [];
  const pairs = 4999;
  for (let i = 0; i < pairs; i++) {
    nodes.push({ name: `tanh${i}`, op: 'hard_tanh', inputs: ['image'] });
  }
  for (let i = 0; i < pairs; i++) {
    const inputs = [i === 0 ? 'image' : `sum${i - 1}`, `tanh${i}`];
    nodes.push({ name: `sum${i}`, op: 'add', inputs });
  }
  const graph = graphOf([3, 1, 1], [...nodes, mean(`sum${pairs - 1}`)]);
  const begin = processorTime();
  const { arenaBytes } = planGraph(graph, 'simd');
  expect(arenaBytes).toBeGreaterThan(pairs * 3 * 32 * 4);
  expect(processorTime() - begin).toBeLessThan(10_000);
});

describe('each limit can be set, and is named', () => {
  const graph = pool(8, 2);
  test.each(['values', 'poolTaps', 'multiplyAdds', 'memoryBytes'] as const)('%s', (name) => {
    expect(() => planGraph(graph, 'simd', 1, { [name]: 1 })).toThrow(
      expect.objectContaining({
        code: 'GRAPH_TOO_LARGE',
        hint: `at most 1; limits.${name} (--limit ${name}=) sets the limit`,
      }),
    );
  });

  test('more than by default', () => {
    const large = pool(700, 6);
    expect(700 * 700 * 6 * 6).toBeGreaterThan(DEFAULT_LIMITS.poolTaps);
    expect(() => planGraph(large, 'simd', 1, { poolTaps: undefined })).toThrow(GraphError);
    expect(() => planGraph(large, 'simd', 1, { poolTaps: 2 ** 25 })).not.toThrow();
  });
});
