/** Random sound networks: every build and thread gives the bits of `plain`, and what the oracle gives. */

import { createHash } from 'node:crypto';
import { GraphError } from '../../../src/errors.ts';
import { parseSafetensors } from '../../../src/file/safetensors.ts';
import type { Graph } from '../../../src/graph/graph.ts';
import { parseGraph } from '../../../src/graph/parse.ts';
import { sizeOf } from '../../../src/tensor.ts';
import { bitsOf } from '../../engines/fixed-input.js';
import { randomFrom } from '../../helpers/random.ts';
import { BUILDS, poolOf, runGraph } from '../../helpers/run.ts';
import { evaluateGraph } from '../../reference/evaluate.ts';
import { evaluateInt16 } from '../../reference/int16.ts';
import { randomNetwork } from '../random-network.ts';
import { expectThat, type Target } from '../target.ts';

/** Of what float sums differ by when they are in another order. */
const TOLERANCE = 1e-4;

export const graphs: Target = {
  extension: 'safetensors',
  make: randomNetwork,
  async check(file) {
    const { metadata, tensors } = parseSafetensors(Uint8Array.from(file));
    const graph = parseGraph(JSON.parse(metadata.get('graph')!), tensors);
    const random = randomFrom(createHash('sha256').update(file).digest().readUInt32LE());
    const input = random.floats(sizeOf(graph.input.shape), random.eighth);
    const outcomes = new Set<string>();
    let output: Float32Array | undefined;
    const compare = (logits: Float32Array, what: string) => {
      output ??= logits;
      expectThat(String(bitsOf(logits)) === String(bitsOf(output)), `${what}: other bits`);
    };
    for (const build of BUILDS) {
      try {
        compare(await runGraph(graph, build, input), build);
        outcomes.add('taken');
      } catch (error) {
        if (!(error instanceof GraphError)) throw error;
        outcomes.add(error.code);
      }
      expectThat(outcomes.size === 1, `builds differ: ${[...outcomes].join(', ')}`);
    }
    if (output === undefined) return [...outcomes][0]!;
    if (random.below(16) === 0) {
      const [build, threads] = [BUILDS[random.below(BUILDS.length)]!, 2 + random.below(3)];
      const pool = await poolOf(graph, build, threads);
      compare(pool.run(input), `${build} on ${threads} threads`);
      pool.dispose();
    }
    compareWithOracle(graph, input, output, metadata.get('name') === 'exact');
    return 'taken';
  },
};

function compareWithOracle(
  graph: Graph,
  input: Float32Array,
  output: Float32Array,
  exact: boolean,
): void {
  const wanted = graph.stream
    ? evaluateInt16(graph, input)
    : evaluateGraph(graph, input).get(graph.output)!;
  const most = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  const tolerance = exact || graph.stream ? 0 : TOLERANCE * most;
  expectThat(output.length === wanted.length, `${output.length} numbers, not ${wanted.length}`);
  const at = output.findIndex((x, index) => !(Math.abs(x - wanted[index]!) <= tolerance));
  expectThat(at < 0, `number ${at} is ${output[at]}, the oracle's ${wanted[at]}`);
}
