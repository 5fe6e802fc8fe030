import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { mobileNetV1, mobileNetV1Definition } from '../../src/networks/mobilenet-v1.ts';
import { type MobinetOptions, mobinet, mobinetDefinition } from '../../src/networks/mobinet.ts';
import type { GraphNode } from '../../src/ops/index.ts';
import { randomFrom } from '../helpers/random.ts';
import { evaluateGraph } from '../reference/evaluate.ts';

const small = { block: 'mid', k: 3, width: 0.25, size: 32, classes: 10 } as const;

function count(graph: Graph, op: GraphNode['op']): number {
  return graph.nodes.filter((node) => node.op === op).length;
}

describe('a MoBiNet', () => {
  test.each([
    ['none', 26],
    ['pre', 39],
    ['mid', 39],
    ['post', 39],
  ] as const)('of block %s has %i binary convolutions, each with its unit', (block, units) => {
    const graph = mobinet({ ...small, block, k: 1 });
    expect(count(graph, 'binary_conv2d')).toBe(units);
    expect(count(graph, 'sign')).toBe(units);
    expect(count(graph, 'prelu')).toBe(units + 1);
    expect(count(graph, 'batch_norm')).toBe(units + 1);
    expect(count(graph, 'add')).toBe(block === 'none' ? 0 : units);
    expect(count(graph, 'concat')).toBe(block === 'none' ? 0 : 5);
    expect(count(graph, 'average_pool2d')).toBe(4);
    expect([count(graph, 'conv2d'), count(graph, 'dense')]).toEqual([1, 1]);
    expect(graph.shapes.get(graph.output)).toEqual([10]);
  });

  test('ends its strided blocks with a pool, after the last unit', () => {
    const graph = mobinet(small);
    const pools = graph.nodes.filter((node) => node.op === 'average_pool2d');
    expect(pools.map((node) => [node.name, ...node.inputs])).toEqual([
      ['blocks.1.pool', 'blocks.1.2.add'],
      ['blocks.3.pool', 'blocks.3.2.add'],
      ['blocks.5.pool', 'blocks.5.2.add'],
      ['blocks.11.pool', 'blocks.11.2.add'],
    ]);
    expect(graph.shapes.get('blocks.12.2.add')).toEqual([256, 1, 1]);
  });

  test.each([0, 1, 2, 3, 4])('of K = %i has 2^K channels a group', (k) => {
    const graph = mobinet({ ...small, width: 0.5, k });
    for (const node of graph.nodes) {
      if (node.op !== 'binary_conv2d') continue;
      const channels = node.inChannels / node.groups;
      expect(channels).toBe(node.kernel[0] === 3 ? 2 ** k : node.inChannels);
    }
  });

  test('is the same for one seed, another for another', () => {
    const { tensors } = mobinetDefinition({ ...small, seed: 5 });
    expect(mobinetDefinition({ ...small, seed: 5 }).tensors).toEqual(tensors);
    const other = mobinetDefinition({ ...small, seed: 6 }).tensors;
    for (const name of tensors.keys()) expect(other.get(name)).not.toEqual(tensors.get(name));
  });

  test('has a JSON that survives being written', () => {
    const { json } = mobinetDefinition(small);
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  });

  // A stream that vanishes or explodes would make its signs, and so its timings, unlike a real one.
  test.each(['none', 'pre', 'mid', 'post'] as const)(
    'of block %s: its values stay in range',
    (block) => {
      const graph = mobinet({ ...small, block });
      const random = randomFrom(3);
      const values = evaluateGraph(
        graph,
        random.floats(3 * 32 * 32, () => random.next() * 4 - 2),
      );
      for (const node of graph.nodes) {
        const value = values.get(node.name)!;
        const largest = value.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
        expect(largest, node.name).toBeGreaterThan(0.01);
        expect(largest, node.name).toBeLessThan(100);
        if (node.op !== 'sign') continue;
        const positive = value.filter((x) => x > 0).length / value.length;
        expect(positive, node.name).toBeGreaterThan(0.1);
        expect(positive, node.name).toBeLessThan(0.9);
      }
    },
  );
});

describe('a float MobileNet v1', () => {
  const options = { width: 0.25, size: 32, classes: 10 };

  test('has 27 convolutions, each with batch norm and ReLU, and no bits', () => {
    const graph = mobileNetV1(options);
    expect(count(graph, 'conv2d')).toBe(27);
    expect(count(graph, 'batch_norm')).toBe(27);
    expect(count(graph, 'relu')).toBe(27);
    expect(count(graph, 'binary_conv2d')).toBe(0);
    expect(graph.shapes.get(graph.output)).toEqual([10]);
  });

  test('strides in its depthwise convolutions', () => {
    const strided = mobileNetV1(options).nodes.filter(
      (node) => node.op === 'conv2d' && node.stride[0] === 2,
    );
    expect(strided.map((node) => node.name)).toEqual([
      'stem.conv',
      'blocks.1.0.conv',
      'blocks.3.0.conv',
      'blocks.5.0.conv',
      'blocks.11.0.conv',
    ]);
  });

  test('is the same for one seed', () => {
    expect(mobileNetV1Definition(options)).toEqual(mobileNetV1Definition({ ...options, seed: 1 }));
  });

  test('keeps its values in range', () => {
    const graph = mobileNetV1(options);
    const values = evaluateGraph(graph, new Float32Array(3 * 32 * 32).fill(0.5));
    for (const [name, value] of values) {
      const largest = value.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      expect(largest, name).toBeGreaterThan(0.01);
      expect(largest, name).toBeLessThan(100);
    }
  });
});

describe('options that cannot be', () => {
  const cases: [string, Partial<Record<keyof MobinetOptions, unknown>>, RegExp][] = [
    ['block', { block: 'middle' }, /block is middle/],
    ['levels', { levels: 0 }, /levels is 0/],
    ['float blocks', { floatBlocks: 14 }, /floatBlocks is 14/],
    ['k = 5', { k: 5 }, /k is 5/],
    ['k = 1.5', { k: 1.5 }, /k is 1.5/],
    ['k = 4 at width 0.75', { k: 4, width: 0.75 }, /k is 4: 24 channels/],
    ['width', { width: 0.3 }, /width is 0.3/],
    ['size', { size: 100 }, /size is 100/],
    ['no classes', { classes: 0 }, /classes is 0/],
    ['NaN classes', { classes: Number.NaN }, /classes is NaN/],
  ];
  test.each(cases)('%s', (_title, change, message) => {
    const options = { ...small, ...change } as MobinetOptions;
    expect(() => mobinet(options)).toThrow(InputError);
    expect(() => mobinet(options)).toThrow(message);
  });
});

test('a head of 8 bits', () => {
  const options = { block: 'mid', k: 3, width: 0.25, size: 32, classes: 7 } as const;
  const weightOf = (graph: Graph) => {
    const node = graph.nodes.find((candidate) => candidate.op === 'dense')!;
    return { weight: node.weight, scale: node.weightScale };
  };
  const { weight, scale } = weightOf(mobinet({ ...options, headBits: 8 }));
  expect(weight).toBeInstanceOf(Int8Array);
  expect(weight.some((w) => w < -100) && weight.some((w) => w > 100)).toBe(true);
  expect(scale).toHaveLength(7);
  expect(weightOf(mobinet(options)).weight).toBeInstanceOf(Float32Array);
});
