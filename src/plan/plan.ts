/**
 * Graph to plan: everything that can be known before the first picture. A pure function; the result
 * is data: which kernels to call with which numbers, what to write where beforehand, and how much
 * memory that takes.
 */

import type { Graph } from '../graph/graph.ts';
import type { Build } from '../kernels/builds.ts';
import { binaryKernel, canFuseSign, type FusedSign, lowerStage } from './lower.ts';
import { type PlacedConstant, programBuilder, type Step } from './program.ts';
import { type Stage, stagesOf } from './stages.ts';
import { openValues, type Values } from './values.ts';

/** A run of float32 in memory. */
export interface Span {
  readonly address: number;
  /** Numbers, not bytes. */
  readonly length: number;
}

export interface Plan {
  readonly build: Build;
  /** How many threads it has scratch memory for. */
  readonly threads: number;
  readonly steps: readonly Step[];
  readonly constants: readonly PlacedConstant[];
  /** Where the input `[3, H, W]` goes. */
  readonly input: Span;
  /** Where the output is after the last step. */
  readonly output: Span;
  /** Bytes of weights and tables. */
  readonly constantBytes: number;
  /** Bytes of the arena: all intermediate values at the fullest moment. */
  readonly arenaBytes: number;
  /** Bytes of memory in all. */
  readonly memoryBytes: number;
}

/** The plan of a graph for one build of the kernels and a number of threads. */
export function planGraph(graph: Graph, build: Build, threads = 1): Plan {
  const builder = programBuilder(threads);
  const values = openValues(graph, build, builder);
  const stages = stagesOf(graph);

  const inputLength = graph.input.shape.reduce((product, size) => product * size, 1);
  const input = builder.buffer(inputLength * 4);
  values.setPlanar(graph.input.name, input);

  const fused = new Map(stages.map((stage) => [stage.value, fusedSign(stage, stages, values)]));
  const lastReader = lastStreamReaders(stages, values, fused);
  for (const [index, stage] of stages.entries()) {
    const sign = fused.get(stage.value);
    lowerStage(
      stage,
      {
        stream: lastReader.has(stage.value),
        skipIsLast: stage.skip !== undefined && lastReader.get(stage.skip.value) === index,
        sign,
      },
      values,
    );
  }

  const output = values.planar(graph.output);
  builder.keepToTheEnd(output);
  const program = builder.finish();
  const outputLength = graph.shapes.get(graph.output)!.reduce((product, size) => product * size, 1);
  return {
    build,
    threads,
    steps: program.steps,
    constants: program.constants,
    input: { address: program.addressOf(input), length: inputLength },
    output: { address: program.addressOf(output), length: outputLength },
    constantBytes: program.constantBytes,
    arenaBytes: program.arenaBytes,
    memoryBytes: program.memoryBytes,
  };
}

/** The first sign of a stage's value that its own kernel can make. */
function fusedSign(stage: Stage, stages: readonly Stage[], values: Values): FusedSign | undefined {
  for (const node of values.graph.nodes) {
    if (node.op !== 'sign' || node.inputs[0] !== stage.value) continue;
    for (const { source, inputs } of stages) {
      if (source.op !== 'binary_conv2d' || inputs[0] !== node.name) continue;
      const encoding = binaryKernel(source, values);
      if (canFuseSign(stage, encoding, values)) {
        return { name: node.name, encoding, threshold: node.threshold };
      }
    }
  }
  return undefined;
}

/** For each value whose stream is read: the index of the last stage that does. */
function lastStreamReaders(
  stages: readonly Stage[],
  values: Values,
  fused: ReadonlyMap<string, FusedSign | undefined>,
): Map<string, number> {
  const last = new Map<string, number>();
  const signs = new Map(
    values.graph.nodes.flatMap((node) => (node.op === 'sign' ? [[node.name, node]] : [])),
  );
  for (const [index, { source, inputs, skip }] of stages.entries()) {
    for (const input of inputs) {
      const sign = signs.get(input);
      if (sign === undefined) {
        last.set(input, index);
      } else if (source.op === 'binary_conv2d') {
        const made = fused.get(sign.inputs[0]!);
        const ready = made?.name === sign.name && made.encoding === binaryKernel(source, values);
        if (!ready) last.set(sign.inputs[0]!, index);
      }
    }
    if (skip !== undefined) last.set(skip.value, index);
  }
  last.set(values.graph.output, stages.length);
  return last;
}
