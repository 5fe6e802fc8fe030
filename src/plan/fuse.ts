/**
 * Graph to stages: each convolution, and each run of element-wise operations, takes in what follows
 * it for as long as that is one piecewise-linear function and one addition. What remains are pools,
 * dense layers and the like, a stage each. Signs are no stages: they are encodings of the value they
 * read, made where their consumers want them.
 */

import type { Graph } from '../graph/graph.ts';
import type { Skip, Stage } from '../kernels/family.ts';
import { type GraphNode, operationOf } from '../ops/index.ts';
import { linear, type PiecewiseLinear } from '../ops/piecewise-linear.ts';

/** What a node's own constants do, before anything is folded in; none where nothing can be. */
function startOf(node: GraphNode, channels: number): PiecewiseLinear[] | undefined {
  const { start, fold: foldOf } = operationOf(node);
  if (start === undefined) {
    // Nothing is made for the channels of what cannot be folded: they may be as many as pixels.
    if (foldOf?.(node) === undefined) return undefined;
    return fold(
      Array.from({ length: channels }, () => linear(1)),
      node,
    );
  }
  const ofChannel = start(node);
  return Array.from({ length: channels }, (_, channel) => ofChannel(channel));
}

/**
 * `node` after `functions`, one per channel, in place.
 * @returns undefined where it cannot be folded in; they are then as they were
 */
function fold(functions: PiecewiseLinear[], node: GraphNode): PiecewiseLinear[] | undefined {
  const folded = operationOf(node).fold?.(node);
  if (folded === undefined) return undefined;
  if (folded.kinked && functions.some(({ left, right }) => left !== right)) return undefined;
  for (let channel = 0; channel < functions.length; channel++) {
    folded.apply(functions[channel]!, channel);
  }
  return functions;
}

/** Stages in an order in which they can run, only those that the output needs. */
export function stagesOf(graph: Graph, needed = neededNodes(graph)): Stage[] {
  const nodes = new Map(needed.map((node) => [node.name, node]));
  const readers = readersOf(needed);
  const onlyReader = (value: string): GraphNode | undefined => {
    const all = readers.get(value) ?? [];
    return all.length === 1 && value !== graph.output ? all[0] : undefined;
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
  for (const node of needed) {
    if (covered.has(node.name) || operationOf(node).makesBits) continue;
    let functions = startOf(node, graph.shapes.get(node.name)![0]);
    let skip = node.op === 'add' ? skipOf(node.inputs[1]!) : undefined;
    let last: GraphNode = node;
    const names = [node.name];
    while (functions !== undefined && skip === undefined) {
      const next = onlyReader(last.name);
      if (next === undefined) break;
      if (next.op === 'add') {
        const other = next.inputs[0] === last.name ? next.inputs[1]! : next.inputs[0]!;
        const candidate = skipOf(other);
        if (other === last.name || !produced.has(candidate.value)) break;
        skip = candidate;
      } else {
        const folded = fold(functions, next);
        if (folded === undefined) break;
        functions = folded;
      }
      last = next;
      names.push(next.name);
    }
    for (const name of names) covered.add(name);
    produced.add(last.name);
    stages.push({
      value: last.name,
      shape: graph.shapes.get(last.name)!,
      nodes: names,
      source: node,
      inputs: node.op === 'add' ? [node.inputs[0]!] : node.inputs,
      functions,
      skip,
    });
  }
  return readStages(graph, stages);
}

function readersOf(nodes: readonly GraphNode[]): Map<string, GraphNode[]> {
  const readers = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    for (const input of new Set(node.inputs)) {
      const known = readers.get(input);
      if (known === undefined) readers.set(input, [node]);
      else known.push(node);
    }
  }
  return readers;
}

/** The nodes that something leads to the output from. */
export function neededNodes(graph: Graph): GraphNode[] {
  const needed = new Set<string>([graph.output]);
  const kept: GraphNode[] = [];
  for (let index = graph.nodes.length - 1; index >= 0; index--) {
    const node = graph.nodes[index]!;
    if (!needed.has(node.name)) continue;
    kept.push(node);
    for (const input of node.inputs) needed.add(input);
  }
  return kept.reverse();
}

/** Drops the stages that nobody reads, as the concatenation of a value with itself for a skip. */
function readStages(graph: Graph, stages: readonly Stage[]): Stage[] {
  const signInputs = new Map(
    graph.nodes.flatMap((node) =>
      operationOf(node).makesBits ? [[node.name, node.inputs[0]!]] : [],
    ),
  );
  const read = new Set<string>([graph.output]);
  const kept: Stage[] = [];
  for (const stage of [...stages].reverse()) {
    if (!read.has(stage.value)) continue;
    kept.push(stage);
    for (const input of stage.inputs) read.add(signInputs.get(input) ?? input);
    if (stage.skip !== undefined) read.add(stage.skip.value);
  }
  return kept.reverse();
}
