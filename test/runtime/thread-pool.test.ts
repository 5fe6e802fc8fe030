import { afterEach, describe, expect, test } from 'vitest';
import { RuntimeError } from '../../src/errors.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { parseGraph } from '../../src/graph/parse.ts';
import { mobileNetV1 } from '../../src/networks/mobilenet-v1.ts';
import { mobinet } from '../../src/networks/mobinet.ts';
import type { Engine } from '../../src/runtime/engine.ts';
import { createThreadPool, type StartThread } from '../../src/runtime/thread-pool.ts';
import { bitsOf } from '../engines/fixed-input.js';
import { binaryConv2d, graphBuilder } from '../helpers/graphs.ts';
import { planGraph } from '../helpers/plan.ts';
import { randomFrom } from '../helpers/random.ts';
import { BUILDS, poolOf, runGraph, wasmModule } from '../helpers/run.ts';
import { tinyNetwork } from '../networks/tiny-network.ts';

const pools: Engine[] = [];
afterEach(() => {
  for (const pool of pools.splice(0)) pool.dispose();
});

async function openPool(graph: Graph, build: (typeof BUILDS)[number], threads: number) {
  const pool = await poolOf(graph, build, threads);
  pools.push(pool);
  return pool;
}

function inputOf(graph: Graph, seed: number): Float32Array {
  const random = randomFrom(seed);
  const length = graph.input.shape.reduce((product, size) => product * size, 1);
  return random.floats(length, () => random.next() * 4 - 2);
}

/** More channels than one look-up table takes, and a kernel that only the 64-bit words have. */
function wideNetwork(): Graph {
  const random = randomFrom(11);
  const builder = graphBuilder([512, 7, 9]);
  const size = { height: 7, width: 9 };
  const sign = (name: string, input: string) =>
    builder.add({ name, op: 'sign', inputs: [input], threshold: undefined }, builder.shape(input));
  const convolve = (name: string, input: string, outChannels: number, kernel: 1 | 5) => {
    const padding = (kernel - 1) / 2;
    const c = {
      ...size,
      inChannels: builder.shape(input)[0]!,
      outChannels,
      groups: kernel === 1 ? 1 : 4,
      kernel: [kernel, kernel] as const,
      stride: [1, 1] as const,
      padding: [padding, padding, padding, padding] as const,
    };
    return builder.add(binaryConv2d(name, sign(`${name}.sign`, input), c, random), [
      outChannels,
      7,
      9,
    ]);
  };
  const wide = convolve('wide', 'image', 516, 1);
  return builder.finish(convolve('large', wide, 20, 5));
}

const NETWORKS: [string, () => Graph][] = [
  ...(['pre', 'mid', 'post'] as const).map((block, index): [string, () => Graph] => [
    `${block}, K = ${index + 1}`,
    () => mobinet({ block, k: index + 1, width: 0.5, size: 64, classes: 20 }),
  ]),
  ['mid, K = 3, width 1', () => mobinet({ block: 'mid', k: 3, width: 1, size: 96, classes: 200 })],
  ['none, K = 0', () => mobinet({ block: 'none', k: 0, width: 0.25, size: 32, classes: 10 })],
  ['float MobileNet v1', () => mobileNetV1({ width: 0.5, size: 64, classes: 20 })],
  [
    'every operation',
    () => {
      const { json, tensors } = tinyNetwork();
      return parseGraph(json, tensors);
    },
  ],
  ['wide and large convolutions', wideNetwork],
];

describe.each(BUILDS)('%s build', (build) => {
  describe.each(NETWORKS)('%s', (_, make) => {
    test.each([2, 3, 4])('%i threads: the bits of one, run after run', async (threads) => {
      const graph = make();
      const pool = await openPool(graph, build, threads);
      expect(pool.threads).toBe(threads);
      for (let seed = 1; seed <= 8; seed++) {
        const input = inputOf(graph, seed);
        const wanted = bitsOf(await runGraph(graph, build, input));
        expect(bitsOf(pool.run(input)), `input ${seed}`).toEqual(wanted);
      }
    });
  });
});

test('a profile names every step, and how many threads had a part of it', async () => {
  const graph = mobinet({ block: 'mid', k: 3, width: 0.5, size: 64, classes: 20 });
  const pool = await openPool(graph, 'simd', 3);
  const { steps } = planGraph(graph, 'simd', 3);
  const profile = pool.profile(inputOf(graph, 1));
  expect(profile.map(({ value, kernel }) => [value, kernel])).toEqual(
    steps.map(({ value, kernel }) => [value, kernel]),
  );
  expect(profile[0]!.threads).toBe(3);
  expect(profile.at(-1)).toMatchObject({ kernel: 'dense', threads: 2 });
});

test('two pools side by side do not disturb each other', async () => {
  const graph = mobinet({ block: 'mid', k: 2, width: 0.5, size: 32, classes: 20 });
  const first = await openPool(graph, 'simd', 2);
  const second = await openPool(graph, 'simd', 3);
  for (let seed = 1; seed <= 4; seed++) {
    const input = inputOf(graph, seed);
    expect(bitsOf(first.run(input))).toEqual(bitsOf(second.run(input)));
  }
});

describe('threads that do not do what they should', () => {
  const graph = mobinet({ block: 'mid', k: 3, width: 0.25, size: 32, classes: 10 });
  const plan = planGraph(graph, 'simd', 3);
  const module = wasmModule('simd', '-threads');

  test('one that cannot be started: what it says is thrown, and the others are ended', async () => {
    const ended: number[] = [];
    const start: StartThread = ({ thread }) => ({
      ready:
        thread === 2
          ? Promise.reject(new RuntimeError('WORKER_FAILED', 'no thread today'))
          : Promise.resolve(),
      terminate: () => ended.push(thread),
    });
    await expect(createThreadPool(plan, module, start)).rejects.toThrow('no thread today');
    expect(ended).toEqual([1, 2]);
  });

  test('those that never take part hold nobody up', async () => {
    const start: StartThread = () => ({ ready: Promise.resolve(), terminate: () => undefined });
    const pool = await createThreadPool(plan, module, start);
    const input = inputOf(graph, 5);
    expect(bitsOf(pool.run(input))).toEqual(bitsOf(await runGraph(graph, 'simd', input)));
  });

  test('dispose ends all', async () => {
    const ended: number[] = [];
    const start: StartThread = ({ thread }) => ({
      ready: Promise.resolve(),
      terminate: () => ended.push(thread),
    });
    (await createThreadPool(plan, module, start)).dispose();
    expect(ended).toEqual([1, 2]);
  });
});
