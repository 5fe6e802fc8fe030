/** A graph as ONNX: what onnxruntime makes of it, and what it is once it is imported again. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { graphToOnnx } from '../../src/export/onnx.ts';
import { openContainer, parseModelFile } from '../../src/file/model-file.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { parseGraph } from '../../src/graph/parse.ts';
import { importModel } from '../../src/import/convert.ts';
import type { BinaryWeightConv2dNode } from '../../src/ops/binary_weight_conv2d.ts';
import { inferShape } from '../../src/ops/index.ts';
import { graphBuilder, randomBits } from '../helpers/graphs.ts';
import { difference, onnxruntimeSession } from '../helpers/onnxruntime.ts';
import { randomFrom } from '../helpers/random.ts';
import { runGraph } from '../helpers/run.ts';
import { tinyNetwork } from '../networks/tiny-network.ts';
import { evaluateGraph } from '../reference/evaluate.ts';

async function expectSameInOnnxruntime(graph: Graph, input: Float32Array, wanted: Float32Array) {
  const session = await onnxruntimeSession(graph);
  expectClose(await session.run(input), wanted);
  await session.release();
}

function expectClose(got: Float32Array, wanted: Float32Array): void {
  expect(got).toHaveLength(wanted.length);
  expect(difference(got, wanted)).toBeLessThan(1e-4);
}

/** Multiples of 1/8, some of them exactly at thresholds. */
function pictureOf(graph: Graph, seed: number): Float32Array {
  const random = randomFrom(seed);
  return random.floats(
    graph.input.shape.reduce((a, b) => a * b),
    random.eighth,
  );
}

test('a network of every operation is the same in onnxruntime', async () => {
  const { json, tensors } = tinyNetwork();
  const graph = parseGraph(json, tensors);
  const input = pictureOf(graph, 4);
  const wanted = evaluateGraph(graph, input).get(graph.output)!;
  await expectSameInOnnxruntime(graph, input, wanted);
});

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
  const input = pictureOf(graph, 4);
  const onnx = graphToOnnx(graph, 'few');
  await expectSameInOnnxruntime(graph, input, evaluateGraph(graph, input).get('conv')!);
  const again = importModel(onnx).graph.nodes.find(({ op }) => op === 'binary_weight_conv2d');
  expect(again).toMatchObject({ weight: node.weight, nonzero });
});

test.each(['mobinet-mid-k3-w25-64', 'mobilenet-v1-w50-64'])(
  '%s: exported and imported again, the same bits; in onnxruntime, the same logits',
  { timeout: 60_000 },
  async (name) => {
    const bytes = new Uint8Array(
      readFileSync(new URL(`../../models/${name}.safetensors`, import.meta.url)),
    );
    const graph = { ...parseModelFile(bytes).graph, stream: undefined };
    const onnx = graphToOnnx(graph, name);
    const again = importModel(onnx);
    const words = (tensors: ReturnType<typeof openContainer>['tensors']) =>
      [...tensors].filter(([, { dtype }]) => dtype === 'U64');
    const byNode = new Map(
      graph.nodes.flatMap((node) => (node.op === 'binary_conv2d' ? [[node.name, node]] : [])),
    );
    const imported = again.graph.nodes.filter(({ op }) => op === 'binary_conv2d');
    expect(imported).toHaveLength(words(openContainer(bytes).tensors).length);
    for (const node of imported)
      expect(node).toMatchObject({ weight: byNode.get(node.name)!.weight });
    const input = pictureOf(graph, 3);
    const wanted = await runGraph(graph, 'simd', input);
    expectClose(await runGraph(again.graph, 'simd', input), wanted);
    await expectSameInOnnxruntime(graph, input, wanted);
  },
);
