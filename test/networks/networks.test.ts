/**
 * The networks of src/networks with random weights: in onnxruntime they are what they are here, by the
 * kernels. `ONNXRUNTIME_INPUTS=100 npx vitest run test/networks/networks.test.ts` takes more inputs.
 */

import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { graphCost } from '../../src/graph/cost.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { parseGraph } from '../../src/graph/parse.ts';
import { abcNet } from '../../src/networks/abc-net.ts';
import { doReFaNet } from '../../src/networks/dorefa-net.ts';
import { NETWORKS } from '../../src/networks/index.ts';
import { mobinetDefinition } from '../../src/networks/mobinet.ts';
import type { GraphDefinition } from '../../src/networks/writer.ts';
import { type LevelsNode, thresholdsOfChannels } from '../../src/ops/levels.ts';
import type { SignNode } from '../../src/ops/sign.ts';
import { difference, onnxruntimeSession } from '../helpers/onnxruntime.ts';
import { randomFrom } from '../helpers/random.ts';
import { engineOf } from '../helpers/run.ts';
import { evaluateGraph } from '../reference/evaluate.ts';

const INPUTS = Number(process.env.ONNXRUNTIME_INPUTS ?? 2);

/** Relative to the range of the logits. */
const TOLERANCE = 1e-3;

/** What counts as within rounding of a threshold, relative to the largest number of the map. */
const ROUNDING = 1e-5;

const SMALL = { width: 0.25, size: 64, classes: 10 } as const;

const graphOf = ({ json, tensors }: GraphDefinition) => parseGraph(json, tensors);

const NETWORK_CASES: readonly [string, () => GraphDefinition][] = [
  ...Object.entries(NETWORKS).map(([name, { definition }]): [string, () => GraphDefinition] => [
    name,
    () => definition(SMALL),
  ]),
  ['abc-net of 2 x 3 bases', () => abcNet({ ...SMALL, weightBases: 2, activationBases: 3 })],
  ['dorefa-net of 2 bits', () => doReFaNet({ ...SMALL, activationBits: 2 })],
  ['dorefa-net of 4 bits', () => doReFaNet({ ...SMALL, activationBits: 4 })],
  ['mobinet', () => mobinetDefinition({ ...SMALL, block: 'mid', k: 3 })],
];

function thresholdsOf(node: SignNode | LevelsNode, channels: number): Float32Array[] {
  if (node.op === 'levels') return thresholdsOfChannels(node, channels);
  return [node.threshold ?? Float32Array.of(0)];
}

/** The least distance of any number before a sign from its threshold, relative to its map. */
function nearestTie(graph: Graph, input: Float32Array): number {
  const values = evaluateGraph(graph, input);
  let nearest = Number.POSITIVE_INFINITY;
  for (const node of graph.nodes) {
    if (node.op !== 'sign' && node.op !== 'levels') continue;
    const map = values.get(node.inputs[0]!)!;
    const pixels = map.length / graph.shapes.get(node.name)![0];
    const thresholds = thresholdsOf(node, graph.shapes.get(node.name)![0]);
    const largest = map.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    for (const [at, x] of map.entries()) {
      for (const threshold of thresholds) {
        const by = threshold[threshold.length === 1 ? 0 : Math.floor(at / pixels)]!;
        nearest = Math.min(nearest, Math.abs(x - by) / largest);
      }
    }
  }
  return nearest;
}

describe('in onnxruntime, the same logits', () => {
  test.each(NETWORK_CASES)('%s', { timeout: 3_600_000 }, async (name, definition) => {
    const graph = graphOf(definition());
    const random = randomFrom(11);
    const engine = await engineOf(graph, 'simd');
    const session = await onnxruntimeSession(graph);
    let tied = 0;
    let worst = 0;
    for (let index = 0; index < INPUTS; index++) {
      const input = random.floats(3 * SMALL.size ** 2, () => random.next() * 4 - 2);
      const [ours, theirs] = [Float32Array.from(engine.run(input)), await session.run(input)];
      expect(ours.every(Number.isFinite)).toBe(true);
      const apart = difference(ours, theirs);
      if (apart < TOLERANCE) {
        worst = Math.max(worst, apart);
        continue;
      }
      // One sign that rounding has turned is enough.
      tied++;
      expect(nearestTie(graph, input), `input ${index}`).toBeLessThan(ROUNDING);
    }
    await session.release();
    if (INPUTS > 10) {
      const ties = `${tied} of ${INPUTS} inputs have a tie that went the other way`;
      console.log(`${name}: ${ties}; the others differ by at most ${worst.toPrecision(2)}`);
    }
    expect(tied / INPUTS).toBeLessThanOrEqual(0.5);
  });
});

describe('what Table 4 of the paper says of them', () => {
  // Millions of multiply-adds, parameters in millions. The paper's XNOR-AlexNet has 138 of the first.
  test.each([
    ['bireal18', 163.99, 11.69],
    ['xnor-resnet18', 167.32, 11.69],
    ['xnor-alexnet', 126.19, 62.39],
  ] as const)('%s', (name, flops, params) => {
    const options = { width: 1, size: 224, classes: 1000 };
    const cost = graphCost(graphOf(NETWORKS[name].definition(options)));
    expect(cost.flops / 1e6).toBeCloseTo(flops, 1);
    expect(cost.params / 1e6).toBeCloseTo(params, 1);
  });
});

test('ReActNet-A has the 12 million float multiply-adds and 4.8 billion binary ones of its paper', () => {
  const options = { width: 1, size: 224, classes: 1000 };
  const cost = graphCost(graphOf(NETWORKS['reactnet-a'].definition(options)));
  expect(cost.floatMacs / 1e6).toBeCloseTo(11.9, 1);
  expect(cost.binaryMacs / 1e9).toBeCloseTo(4.82, 1);
});

test.each([
  ['AlexNet of 32 pixels', () => NETWORKS.bwn.definition({ ...SMALL, size: 32 }), /size is 32/],
  ['six bases', () => abcNet({ ...SMALL, weightBases: 6 }), /6 bases/],
])('%s is refused', (_, make, message) => {
  expect(make).toThrow(InputError);
  expect(make).toThrow(message);
});
