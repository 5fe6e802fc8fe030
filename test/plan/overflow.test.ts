import { expect, test } from 'vitest';
import type { MobinetError } from '../../src/errors.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { type GraphNode, inferShape } from '../../src/ops/index.ts';
import type { Padding, Pair } from '../../src/tensor.ts';
import { binaryConv2d, conv2d, graphBuilder } from '../helpers/graphs.ts';
import { type Random, randomFrom } from '../helpers/random.ts';
import { BUILDS, runGraph } from '../helpers/run.ts';

/** Of which the product of two and a count is just finite. */
const LARGE = [1, -1, 0.5, 0, -0.25, 1e18, -1e18, 1e-30];
const HUGE = [...LARGE, 1e37, -1e38, 2e38];
const CHANNELS = 64;
const [HEIGHT, WIDTH] = [5, 7];
const one: Pair = [1, 1];

/** Layers of all kinds, in which numbers overflow, and signs and clamps that hide it. */
function graphOf(random: Random): Graph {
  const builder = graphBuilder([3, HEIGHT, WIDTH]);
  const huge = () => HUGE[random.below(HUGE.length)]!;
  const large = () => LARGE[random.below(LARGE.length)]!;
  const each = (make = large) => random.floats(CHANNELS, make);
  const add = (node: GraphNode) =>
    builder.add(node, inferShape(node, node.inputs.map(builder.shape)));
  const convolution = (inChannels: number, groups: number, side: number) => {
    const padding: Padding = side === 3 ? [1, 1, 1, 1] : [0, 0, 0, 0];
    const kernel: Pair = [side, side];
    return {
      ...{ inChannels, outChannels: CHANNELS, groups, height: HEIGHT, width: WIDTH },
      ...{ kernel, stride: one, padding },
    };
  };
  const stem = conv2d('stem', 'image', convolution(3, 1, 3), random);
  stem.weight.set(random.floats(stem.weight.length, huge));
  let value = add(stem);
  for (let unit = 0; unit < 4; unit++) {
    const name = (part: string) => `${part}${unit}`;
    const layers: GraphNode[] = [
      { name: name('prelu'), op: 'prelu', inputs: [value], slope: each() },
      { name: name('tanh'), op: 'hard_tanh', inputs: [value] },
      { name: name('affine'), op: 'affine', inputs: [value], scale: each(), bias: each(huge) },
      {
        ...{ name: name('max'), op: 'max_pool2d', inputs: [value] },
        ...{ kernel: [3, 3], stride: one, padding: [1, 1, 1, 1] },
      },
    ];
    const skip = add(layers[random.below(layers.length)]!);
    const sign = add({ name: name('sign'), op: 'sign', inputs: [skip], threshold: undefined });
    const [groups, side] = random.next() < 0.5 ? [1, 1] : [8, 3];
    const alpha = each();
    const sums = binaryConv2d(name('bits'), sign, convolution(CHANNELS, groups, side), random, {
      alpha,
    });
    const bent = add({ name: name('bend'), op: 'prelu', inputs: [add(sums)], slope: each() });
    value = add({ name: name('sum'), op: 'add', inputs: [bent, skip] });
  }
  const last = add({ name: 'last', op: 'sign', inputs: [value], threshold: undefined });
  return builder.finish(add(binaryConv2d('logits', last, convolution(CHANNELS, 1, 1), random)));
}

test('where float32 overflows inside, every build gives the same finite numbers', async () => {
  let ran = 0;
  for (let seed = 0; seed < 12; seed++) {
    const random = randomFrom(seed);
    const graph = graphOf(random);
    const size = 3 * HEIGHT * WIDTH;
    const input = random.floats(size, () => random.eighth() * (seed % 2 ? 1 : 1e37));
    let first: Float32Array;
    try {
      first = await runGraph(graph, BUILDS[0]!, input);
    } catch (error) {
      // Constants that overflow are refused.
      expect((error as MobinetError).code).toBe('CONSTANT_NOT_FINITE');
      continue;
    }
    ran++;
    expect(first.every(Number.isFinite)).toBe(true);
    for (const build of BUILDS.slice(1)) {
      expect(await runGraph(graph, build, input), `seed ${seed}, ${build}`).toEqual(first);
    }
  }
  expect(ran).toBeGreaterThan(5);
});

test.each(BUILDS)('the largest numbers pass a PReLU as they are, build %s', async (build) => {
  const builder = graphBuilder([1, 1, 2]);
  const slope = Float32Array.of(0.5);
  builder.add({ name: 'bent', op: 'prelu', inputs: ['image'], slope }, [1, 1, 2]);
  const output = await runGraph(builder.finish('bent'), build, Float32Array.of(3e38, -3e38));
  expect(output).toEqual(Float32Array.of(3e38, -1.5e38));
});
