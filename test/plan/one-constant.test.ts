import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/graph/graph.ts';
import type { GraphNode } from '../../src/ops/index.ts';
import { inferShape } from '../../src/ops/index.ts';
import { binaryConv2d, graphBuilder } from '../helpers/graphs.ts';
import { randomFrom } from '../helpers/random.ts';
import { BUILDS, runGraph } from '../helpers/run.ts';
import { evaluateGraph } from '../reference/evaluate.ts';
import { evaluateInt16 } from '../reference/int16.ts';

/** Constants for all channels, `[1]`, which are not those that their absence means. */
const THRESHOLD = Float32Array.of(0.375);
const SLOPE = Float32Array.of(0.25);
const SCALE = Float32Array.of(0.5);
const BIAS = Float32Array.of(-1.25);

const CHANNELS = 8;

/** Two units; the second one's sign is made by the first one's kernel where that can. */
function units(kernel: 1 | 3): Graph {
  const random = randomFrom(kernel);
  const builder = graphBuilder([CHANNELS, 6, 9]);
  const add = (node: GraphNode) =>
    builder.add(node, inferShape(node, node.inputs.map(builder.shape)));
  const pixels = (kernel - 1) / 2;
  let value = 'image';
  for (const name of ['a', 'b']) {
    const groups = kernel === 3 ? 2 : 1;
    const sign = `${name}.sign`;
    add({ name: sign, op: 'sign', inputs: [value], threshold: THRESHOLD });
    const shape = {
      ...{ inChannels: CHANNELS, outChannels: CHANNELS, groups, height: 6, width: 9 },
      kernel: [kernel, kernel] as const,
      stride: [1, 1] as const,
      padding: [pixels, pixels, pixels, pixels] as const,
    };
    add(binaryConv2d(`${name}.conv`, sign, shape, random));
    add({ name: `${name}.prelu`, op: 'prelu', inputs: [`${name}.conv`], slope: SLOPE });
    const scaled = `${name}.affine`;
    add({ name: scaled, op: 'affine', inputs: [`${name}.prelu`], scale: SCALE, bias: BIAS });
    value = add({ name: `${name}.add`, op: 'add', inputs: [scaled, value] });
  }
  return builder.finish(value);
}

describe('PReLU, sign and affine with one constant for all channels', () => {
  const random = randomFrom(11);
  const input = random.floats(CHANNELS * 6 * 9, random.eighth);

  test.each([1, 3] as const)('in a unit of %i x %i, float32', async (kernel) => {
    const graph = units(kernel);
    const expected = evaluateGraph(graph, input).get(graph.output)!;
    for (const build of BUILDS)
      expect(await runGraph(graph, build, input), build).toEqual(expected);
  });

  test.each([1, 3] as const)('in a unit of %i x %i, int16', async (kernel) => {
    const graph = { ...units(kernel), stream: { type: 'int16', fraction: 9 } as const };
    const expected = evaluateInt16(graph, input);
    for (const build of BUILDS)
      expect(await runGraph(graph, build, input), build).toEqual(expected);
  });

  test('are those of a constant per channel', async () => {
    const graph = units(3);
    const nodes = graph.nodes.map((node): GraphNode => {
      const spread = (constants: Float32Array) => new Float32Array(CHANNELS).fill(constants[0]!);
      if (node.op === 'sign') return { ...node, threshold: spread(THRESHOLD) };
      if (node.op === 'prelu') return { ...node, slope: spread(SLOPE) };
      if (node.op === 'affine') return { ...node, scale: spread(SCALE), bias: spread(BIAS) };
      return node;
    });
    for (const build of BUILDS) {
      const one = await runGraph(graph, build, input);
      expect(await runGraph({ ...graph, nodes }, build, input), build).toEqual(one);
    }
  });
});
