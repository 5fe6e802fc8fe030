/** Which nodes of an ONNX graph an output needs, in an order in which they can be read. */

import { ImportError } from '../../errors.ts';
import type { OnnxModel, OnnxNode } from './model.ts';

/** Operations that hand their input on as it is, in inference. */
const PASSING = new Set(['Identity', 'Dropout']);

/**
 * The nodes that the output needs, inputs first, with what training leaves behind removed: `Identity`
 * and, of a straight-through estimator's (a - b) + b or (a + b) - b, all but a.
 * @throws ImportError IMPORT_GRAPH for cycles, values that nothing makes or two nodes make
 */
export function neededNodes(model: OnnxModel): { nodes: OnnxNode[]; output: string } {
  const makers = new Map<string, OnnxNode>();
  for (const node of model.nodes) {
    for (const output of node.outputs) {
      if (output === '') continue;
      if (makers.has(output) || model.initializers.has(output)) {
        throw graphError(node, `two nodes make ${output}`);
      }
      makers.set(output, node);
    }
  }
  const given = new Set([...model.inputs.map(({ name }) => name), ...model.initializers.keys()]);
  const resolve = resolver(makers);
  if (model.outputs.length !== 1) {
    throw new ImportError('IMPORT_GRAPH', `The model has ${model.outputs.length} outputs`, {
      hint: 'it must have one: export the classifier alone',
    });
  }
  const output = resolve(model.outputs[0]!);
  const done = new Set<OnnxNode>();
  const nodes: OnnxNode[] = [];
  // Depth first, with a stack of our own: graphs are deeper than the call stack.
  const open = new Set<OnnxNode>();
  const visit = (value: string, reader: OnnxNode | undefined): OnnxNode | undefined => {
    if (value === '' || given.has(value)) return undefined;
    const maker = makers.get(value);
    if (maker === undefined) {
      if (reader !== undefined) throw graphError(reader, `it reads ${value}, which nothing makes`);
      throw new ImportError('IMPORT_GRAPH', `The output ${value} is made by nothing`);
    }
    if (open.has(maker)) throw graphError(maker, 'it reads, through others, its own result');
    return done.has(maker) ? undefined : maker;
  };
  const first = visit(output, undefined);
  const stack = first === undefined ? [] : [{ node: first, next: 0 }];
  if (first !== undefined) open.add(first);
  while (stack.length > 0) {
    const top = stack.at(-1)!;
    if (top.next < top.node.inputs.length) {
      const maker = visit(resolve(top.node.inputs[top.next++]!), top.node);
      if (maker !== undefined) {
        open.add(maker);
        stack.push({ node: maker, next: 0 });
      }
    } else {
      stack.pop();
      open.delete(top.node);
      done.add(top.node);
      nodes.push({ ...top.node, inputs: top.node.inputs.map(resolve) });
    }
  }
  return { nodes, output };
}

/** What a value's name stands for. */
function resolver(makers: ReadonlyMap<string, OnnxNode>): (name: string) => string {
  const resolved = new Map<string, string>();
  const step = (name: string): string => {
    const node = makers.get(name);
    if (node === undefined || node.outputs[0] !== name) return name;
    if (PASSING.has(node.operation)) return node.inputs[0] ?? name;
    return straightThrough(node, makers) ?? name;
  };
  return (name) => {
    const known = resolved.get(name);
    if (known !== undefined) return known;
    let current = name;
    // A chain longer than there are nodes is a cycle; the walk over the nodes reports it.
    for (let count = 0; count <= makers.size; count++) {
      const next = step(current);
      if (next === current) break;
      current = next;
    }
    resolved.set(name, current);
    return current;
  };
}

/** The a of (a - b) + b, b + (a - b) and (a + b) - b. */
function straightThrough(
  node: OnnxNode,
  makers: ReadonlyMap<string, OnnxNode>,
): string | undefined {
  const passed = (name: string): string => {
    let current = name;
    for (let count = 0; count <= makers.size; count++) {
      const maker = makers.get(current);
      if (maker === undefined || !PASSING.has(maker.operation)) break;
      current = maker.inputs[0] ?? current;
    }
    return current;
  };
  const [x, y] = node.inputs.map(passed);
  if (x === undefined || y === undefined || node.inputs.length !== 2) return undefined;
  const operands = (name: string, operation: string) => {
    const maker = makers.get(name);
    return maker?.operation === operation ? maker.inputs.map(passed) : undefined;
  };
  if (node.operation === 'Add') {
    const left = operands(x, 'Sub');
    if (left !== undefined && left[1] === y) return left[0];
    const right = operands(y, 'Sub');
    if (right !== undefined && right[1] === x) return right[0];
  }
  if (node.operation === 'Sub') {
    const sum = operands(x, 'Add');
    if (sum !== undefined && sum[1] === y) return sum[0];
    if (sum !== undefined && sum[0] === y) return sum[1];
  }
  return undefined;
}

function graphError(node: OnnxNode, message: string): ImportError {
  return new ImportError('IMPORT_GRAPH', message, {
    node: node.name,
    operation: node.operation,
    hint: 'the file is damaged',
  });
}
