/**
 * Which kernels do a stage: asked here, once, of the families' own `accepts`; the answer is kept with
 * the stage and nobody else asks.
 */

import { GraphError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { SignEncoding, SimdEncoding } from '../kernels/encodings.ts';
import type { Family, FusedSign, Selection, Stage, Target } from '../kernels/family.ts';
import { type Families, familiesOf } from '../kernels/index.ts';
import type { OpName } from '../ops/index.ts';
import type { SignNode } from '../ops/sign.ts';

/**
 * @param uncommon families beside the common ones
 * @throws GraphError STREAM_UNSUPPORTED where no family accepts a stage
 */
export function select(
  graph: Graph,
  stages: readonly Stage[],
  target: Target,
  uncommon: Families | undefined,
): Selection[] {
  const families = stages.map((stage) => familyOf(stage, target, uncommon));
  const signs = new Map<string, SignNode[]>();
  for (const node of graph.nodes) {
    if (node.op !== 'sign') continue;
    const value = node.inputs[0]!;
    signs.set(value, [...(signs.get(value) ?? []), node]);
  }
  // What the readers of each sign want it in, in their order.
  const wanted = new Map<string, SignEncoding[]>();
  for (const [index, { inputs }] of stages.entries()) {
    const { reads } = families[index]!;
    if (reads === 'stream' || reads === 'planar') continue;
    wanted.set(inputs[0]!, [...(wanted.get(inputs[0]!) ?? []), reads]);
  }
  const selections = stages.map((stage, index) => {
    const family = families[index]!;
    return { stage, family, sign: fusedSign(family, signs.get(stage.value) ?? [], wanted) };
  });
  const joins = new Set(families.map(({ join }) => join));
  return [...joins].reduce((made, join) => join?.(graph, made) ?? made, selections as Selection[]);
}

function familyOf(stage: Stage, target: Target, uncommon: Families | undefined): Family<OpName> {
  const families = familiesOf(stage.source.op, uncommon);
  const family = families.find((candidate) => candidate.accepts(stage, target));
  if (family !== undefined) return family;
  throw new GraphError(
    'STREAM_UNSUPPORTED',
    `${stage.value} cannot be computed in ${target.activations.name}`,
    { hint: "export the model with float32 activations, or load it with activations: 'float32'" },
  );
}

function fusedSign(
  { makesSigns = [] }: Family<OpName>,
  signs: readonly SignNode[],
  wanted: ReadonlyMap<string, readonly SignEncoding[]>,
): FusedSign | undefined {
  for (const { name, threshold } of signs) {
    const encoding = wanted
      .get(name)
      ?.find((candidate): candidate is SimdEncoding =>
        makesSigns.includes(candidate as SimdEncoding),
      );
    if (encoding !== undefined) return { name, encoding, threshold };
  }
  return undefined;
}
