/**
 * Graph to stages: each convolution, and each run of element-wise operations, takes in what follows
 * it for as long as that is one piecewise-linear function and one addition. What remains are pools,
 * dense layers and the like, a stage each. Signs are no stages: they are encodings of the value they
 * read, made where their consumers want them.
 */

import type { Graph, GraphNode, SignNode } from '../graph/graph.ts';
import { composeAll, linear, type PiecewiseLinear } from './piecewise-linear.ts';

/** A value added at the end of a stage; its channels are repeated up to those of the stage. */
export interface Skip {
  readonly value: string;
  readonly channels: number;
}

/** Work that is done in one go. */
export interface Stage {
  /** Name of the value it produces. */
  readonly value: string;
  /** The graph's nodes it covers, in order. */
  readonly nodes: readonly string[];
  /** The operation at its start; `map` where it is an element-wise one. */
  readonly source: Exclude<GraphNode, SignNode> | { readonly op: 'map'; readonly input: string };
  /** Values it reads, but for the skip. */
  readonly inputs: readonly string[];
  /** Per channel, what is done to the source's numbers; none where the source allows none. */
  readonly functions: readonly PiecewiseLinear[] | undefined;
  readonly skip: Skip | undefined;
}

/** The numbers of a binary convolution that the epilogue sees: x = (taps - dot) / `step`. */
export interface CountScale {
  /** Products of a full window. */
  readonly taps: number;
  /** 2 where taps - dot is always even, else 1. */
  readonly step: 1 | 2;
}

export function countScale(node: GraphNode & { op: 'binary_conv2d' }): CountScale {
  const groupChannels = node.inChannels / node.groups;
  const padded = node.padding.some((pixels) => pixels > 0) && node.paddingValue === 0;
  return {
    taps: node.kernel[0] * node.kernel[1] * groupChannels,
    step: padded && groupChannels % 2 === 1 ? 1 : 2,
  };
}

/** What the source's own constants do, before anything is folded in. */
function sourceFunctions(node: GraphNode, channels: number): PiecewiseLinear[] | undefined {
  const perChannel = (f: (channel: number) => PiecewiseLinear) =>
    Array.from({ length: channels }, (_, channel) => f(channel));
  switch (node.op) {
    case 'conv2d':
      return perChannel((channel) => linear(1, 0, node.bias?.[channel] ?? 0));
    case 'binary_conv2d': {
      const { taps, step } = countScale(node);
      return perChannel((channel) => linear(-step * (node.alpha?.[channel] ?? 1), taps / step));
    }
    case 'add':
      return perChannel(() => linear(1));
    case 'batch_norm':
    case 'affine':
    case 'prelu':
    case 'relu':
      return composeAll(
        perChannel(() => linear(1)),
        node,
      );
    default:
      return undefined;
  }
}

/** Stages in an order in which they can run, only those that the output needs. */
export function stagesOf(graph: Graph): Stage[] {
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const consumers = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) {
      consumers.set(input, [...(consumers.get(input) ?? []), node]);
    }
  }
  const onlyConsumer = (value: string): GraphNode | undefined => {
    const readers = consumers.get(value) ?? [];
    return readers.length === 1 && value !== graph.output ? readers[0] : undefined;
  };
  const skipOf = (value: string): Skip => {
    const node = nodes.get(value);
    const repeats = node?.op === 'concat' && node.inputs.every((input) => input === node.inputs[0]);
    const source = repeats ? node.inputs[0]! : value;
    return { value: source, channels: graph.shapes.get(source)![0] };
  };

  const covered = new Set<string>();
  const produced = new Set<string>([graph.input.name]);
  const stages: Stage[] = [];
  for (const node of graph.nodes) {
    if (covered.has(node.name) || node.op === 'sign') continue;
    const channels = graph.shapes.get(node.name)![0];
    let functions = sourceFunctions(node, channels);
    let skip: Skip | undefined;
    let last: GraphNode = node;
    const names = [node.name];
    const startsMap = functions !== undefined && !node.op.endsWith('conv2d');
    const input = node.inputs[0]!;
    if (node.op === 'add') skip = skipOf(node.inputs[1]!);
    while (functions !== undefined && skip === undefined) {
      const next = onlyConsumer(last.name);
      if (next === undefined) break;
      if (next.op === 'add') {
        const other = next.inputs[0] === last.name ? next.inputs[1]! : next.inputs[0]!;
        const candidate = skipOf(other);
        if (other === last.name || !produced.has(candidate.value)) break;
        skip = candidate;
      } else {
        const composed = composeAll(functions, next);
        if (composed === undefined) break;
        functions = composed;
      }
      last = next;
      names.push(next.name);
    }
    for (const name of names) covered.add(name);
    produced.add(last.name);
    stages.push({
      value: last.name,
      nodes: names,
      source: startsMap ? { op: 'map', input } : node,
      inputs: startsMap ? [input] : node.inputs,
      functions,
      skip,
    });
  }
  return neededStages(graph, stages);
}

/** Drops the stages that nothing leads to the output from. */
function neededStages(graph: Graph, stages: readonly Stage[]): Stage[] {
  const signInputs = new Map(
    graph.nodes.flatMap((node) => (node.op === 'sign' ? [[node.name, node.inputs[0]!]] : [])),
  );
  const needed = new Set<string>([graph.output]);
  const kept: Stage[] = [];
  for (const stage of [...stages].reverse()) {
    if (!needed.has(stage.value)) continue;
    kept.push(stage);
    for (const input of stage.inputs) needed.add(signInputs.get(input) ?? input);
    if (stage.skip !== undefined) needed.add(stage.skip.value);
  }
  return kept.reverse();
}
