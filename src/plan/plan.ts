/**
 * Graph to plan: everything that can be known before the first picture. A pure function; the result
 * is data: which kernels to call with which numbers, what to write where beforehand, and how much
 * memory that takes.
 */

import type { Graph } from '../graph/graph.ts';
import { activationType } from '../kernels/activations.ts';
import { type Build, hasSimd } from '../kernels/builds.ts';
import { openCalls } from '../kernels/calls.ts';
import { sizeOf } from '../tensor.ts';
import { layOut, type PlacedConstant, type Step } from './addresses.ts';
import { emitCalls } from './emit.ts';
import { stagesOf } from './fuse.ts';
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
 * @throws GraphError STREAM_UNSUPPORTED, STREAM_RANGE
 */
export function planGraph(graph: Graph, build: Build, threads = 1): Plan {
  const target = { build, simd: hasSimd(build), activations: activationType(graph.stream) };
  const selections = select(graph, stagesOf(graph), target);
  const writer = openCalls(threads);
  const ends = emitCalls(graph, selections, target, writer);
  const calls = writer.finish();
  const program = layOut(calls, lifetimesOf(calls, ends, threads));
  const { steps, constants, constantBytes, arenaBytes, memoryBytes, addressOf } = program;
  const output = {
    address: addressOf(ends.output),
    length: sizeOf(graph.shapes.get(graph.output)!),
  };
  // A dense layer's input is still there after it, where it is the last.
  const { kernel, arguments: named } = calls.calls.at(-1)!;
  const features = kernel.startsWith('dense')
    ? { address: addressOf(bufferOf(named.input!)!), length: named.inChannels as number }
    : output;
  return {
    build,
    threads,
    steps,
    constants,
    input: { address: addressOf(ends.input), length: sizeOf(graph.input.shape) },
    output,
    features,
    constantBytes,
    arenaBytes,
    memoryBytes,
  };
}
