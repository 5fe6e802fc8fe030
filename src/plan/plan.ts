/**
 * Graph to plan: everything that can be known before the first picture. A pure function; the result
 * is data: which kernels to call with which numbers, what to write where beforehand, and how much
 * memory that takes.
 */

import type { Graph } from '../graph/graph.ts';
import { activationType } from '../kernels/activations.ts';
import { type Build, hasSimd } from '../kernels/builds.ts';
import { type AnyCall, openCalls } from '../kernels/calls.ts';
import type { Families } from '../kernels/index.ts';
import { sizeOf } from '../tensor.ts';
import { layOut, type PlacedConstant, type Program, type Step } from './addresses.ts';
import { checkBudget, checkLimit, type Limits } from './budget.ts';
import { emitCalls } from './emit.ts';
import { checkFinite } from './finite.ts';
import { neededNodes, stagesOf } from './fuse.ts';
import { bufferOf, lifetimesOf } from './lifetimes.ts';
import { select } from './select.ts';

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
  /** What the network's last layer reads, where that is a dense one; else the output. */
  readonly features: Span;
  /** Bytes of weights and tables. */
  readonly constantBytes: number;
  /** Bytes of the arena: all intermediate values at the fullest moment. */
  readonly arenaBytes: number;
  /** Bytes of memory in all. */
  readonly memoryBytes: number;
}

/**
 * The plan of a graph for one build of the kernels and a number of threads.
 * @param limits those that are not the default ones
 * @param uncommon the families of kernels beside the common ones; most plans need none of them
 * @throws GraphError GRAPH_TOO_LARGE, CONSTANT_NOT_FINITE, STREAM_RANGE; STREAM_UNSUPPORTED where no family
 * accepts a stage
 */
export function planGraph(
  graph: Graph,
  build: Build,
  threads = 1,
  limits: Limits = {},
  uncommon?: Families,
): Plan {
  const needed = neededNodes(graph);
  checkBudget(graph, needed, limits);
  const target = { build, simd: hasSimd(build), activations: activationType(graph.stream) };
  const stages = stagesOf(graph, needed);
  checkFinite(stages);
  const selections = select(graph, stages, target, uncommon);
  const writer = openCalls(threads);
  const ends = emitCalls(graph, selections, target, writer);
  const calls = writer.finish();
  const program = layOut(calls, lifetimesOf(calls, ends, threads));
  const { steps, constants, constantBytes, arenaBytes, memoryBytes, addressOf } = program;
  checkLimit('memoryBytes', memoryBytes, graph.output, limits);
  const output = {
    address: addressOf(ends.output),
    length: sizeOf(graph.shapes.get(graph.output)!),
  };
  return {
    build,
    threads,
    steps,
    constants,
    input: { address: addressOf(ends.input), length: sizeOf(graph.input.shape) },
    output,
    features: featuresOf(calls.calls.at(-1), addressOf) ?? output,
    constantBytes,
    arenaBytes,
    memoryBytes,
  };
}

/** The input of a dense layer, which is still there after it where it is the last. */
function featuresOf(call: AnyCall | undefined, addressOf: Program['addressOf']): Span | undefined {
  if (!call?.kernel.startsWith('dense')) return undefined;
  const { input, inChannels } = call.arguments;
  return { address: addressOf(bufferOf(input!)!), length: inChannels as number };
}
