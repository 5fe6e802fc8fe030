import { expect, test } from 'vitest';
import { graphToOnnx } from '../../src/export/onnx.ts';
import { importModel } from '../../src/import/convert.ts';
import type { BinaryWeightConv2dNode } from '../../src/ops/binary_weight_conv2d.ts';
import { inferShape } from '../../src/ops/index.ts';
import { graphBuilder, randomBits } from '../helpers/graphs.ts';
import { difference, onnxruntimeSession } from '../helpers/onnxruntime.ts';
import { randomFrom } from '../helpers/random.ts';
import { evaluateGraph } from '../reference/evaluate.ts';

test.each(['binary', 'ternary'])('%s weights that read floats', async (kind) => {
  const random = randomFrom(7);
  const weight = randomBits(random, 6, 36);
  const nonzero = kind === 'ternary' ? randomBits(random, 6, 36) : undefined;
  const builder = graphBuilder([4, 5, 6]);
  const node: BinaryWeightConv2dNode = {
    name: 'conv',
    op: 'binary_weight_conv2d',
    inputs: ['image'],
    weight: nonzero === undefined ? weight : weight.map((word, at) => word & nonzero[at]!),
    nonzero,
    alpha: random.floats(6, random.next),
    kernel: [3, 3],
    stride: [2, 1],
    padding: [1, 1, 0, 1],
    groups: 1,
    inChannels: 4,
    outChannels: 6,
  };
  builder.add(node, inferShape(node, [[4, 5, 6]]));
  const graph = builder.finish('conv');
  const input = random.floats(4 * 5 * 6, random.eighth);
  const session = await onnxruntimeSession(graph);
  const got = await session.run(input);
  await session.release();
  expect(difference(got, evaluateGraph(graph, input).get('conv')!)).toBeLessThan(1e-4);
  const again = importModel(graphToOnnx(graph, 'few')).graph;
  const made = again.nodes.find(({ op }) => op === 'binary_weight_conv2d');
  expect(made).toMatchObject({ weight: node.weight, nonzero });
});
