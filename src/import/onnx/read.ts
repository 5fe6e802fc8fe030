/** An ONNX model to layers: one function per operation. */

import { ImportError } from '../../errors.ts';
import { MAX_ELEMENTS, product } from '../array.ts';
import { type Builder, foreignShape, openBuilder, placed, realise } from '../builder.ts';
import type { ForeignNetwork, MapShape } from '../layers.ts';
import { shapeOf, type Value } from '../values.ts';
import {
  type OnnxAttribute,
  type OnnxNode,
  parseOnnx,
  type ReadBeside,
  tensorValues,
} from './model.ts';
import type { NodeReader } from './node.ts';
import { OPERATIONS } from './operations.ts';
import { neededNodes } from './order.ts';

/**
 * @param readBeside files beside the model, for data that lie outside it
 * @throws ImportError
 */
export function readOnnx(bytes: Uint8Array, readBeside: ReadBeside): ForeignNetwork {
  const model = parseOnnx(bytes);
  const { nodes, output } = neededNodes(model);
  const builder = openBuilder('nchw');
  const values = new Map<string, Value>();
  values.set(...readInput(builder, model.inputs));
  const valueNamed = (name: string): Value => {
    const known = values.get(name);
    if (known !== undefined) return known;
    const tensor = model.initializers.get(name);
    if (tensor === undefined) {
      throw new ImportError('IMPORT_GRAPH', `nothing makes ${name}`, builder.source);
    }
    const value: Value = { kind: 'constant', array: tensorValues(tensor, readBeside) };
    values.set(name, value);
    return value;
  };
  for (const node of nodes) {
    builder.source = { node: node.name, operation: node.operation };
    const reader = nodeReader(builder, node, model.opset, valueNamed, readBeside);
    try {
      const read = Object.hasOwn(OPERATIONS, node.operation) && OPERATIONS[node.operation];
      if (!read) {
        throw builder.unsupported(
          'this operation is not known',
          'docs/import.md lists those that are; leave it out of the exported part, or ask for it',
        );
      }
      const made = read(reader);
      const results = Array.isArray(made) ? (made as readonly Value[]) : [made as Value];
      for (const [at, value] of results.entries()) values.set(node.outputs[at] ?? '', value);
    } catch (error) {
      throw placed(error, builder);
    }
  }
  builder.source = { node: 'output', operation: 'output' };
  const result = realise(builder, valueNamed(output));
  return {
    kind: 'ONNX',
    producer: model.producer,
    layers: builder.layers,
    output: result.layer,
    nodes: model.nodes.length,
    needed: nodes.length,
  };
}

function readInput(
  builder: Builder,
  inputs: ReturnType<typeof parseOnnx>['inputs'],
): [string, Value] {
  // Files of older exporters list every weight as an input, too.
  if (inputs.length !== 1) {
    throw new ImportError(
      'IMPORT_SHAPE',
      `The model has ${inputs.length} inputs: ${inputs
        .map(({ name }) => name)
        .slice(0, 5)
        .join(', ')}`,
      {
        hint: 'a picture is the only input; networks of words or of several inputs are not run here',
      },
    );
  }
  const { name, shape } = inputs[0]!;
  const sizes = shape?.map((side, axis) => (axis === 0 && typeof side !== 'number' ? 1 : side));
  const fixed = sizes?.every(
    (side) => typeof side === 'number' && Number.isInteger(side) && side > 0,
  );
  if (sizes === undefined || !fixed || sizes[0] !== 1) {
    throw new ImportError('IMPORT_SHAPE', `The input ${name} is [${(shape ?? ['?']).join(', ')}]`, {
      hint: 'all sizes but the batch must be fixed, and the batch 1 or free: export without dynamic axes',
    });
  }
  const [, channels, height = 1, width = 1, ...more] = sizes as number[];
  if (more.length > 0 || sizes.length === 3 || product(sizes as number[]) > MAX_ELEMENTS) {
    throw new ImportError('IMPORT_SHAPE', `The input ${name} is [${sizes.join(', ')}]`, {
      hint: 'it must be a picture [1, channels, height, width]',
    });
  }
  builder.source = { node: name, operation: 'input' };
  const map: MapShape = [channels!, height, width];
  const layer = builder.layer({ op: 'input' }, [], map);
  const foreign = sizes.length === 4 ? foreignShape(builder, map) : [1, channels!];
  return [name, { kind: 'map', layer, shape: foreign }];
}

function nodeReader(
  builder: Builder,
  node: OnnxNode,
  opset: number,
  valueNamed: (name: string) => Value,
  readBeside: ReadBeside,
): NodeReader {
  const attribute = (name: string): OnnxAttribute | undefined => {
    const found = node.attributes.get(name);
    if (found?.unreadable) {
      throw builder.unsupported(
        `its attribute ${name} is of a kind that is not read`,
        'graphs within graphs are not run here',
      );
    }
    return found;
  };
  const reader: NodeReader = {
    builder,
    opset,
    operation: node.operation,
    count: node.inputs.length,
    results: node.outputs.length,
    has: (at) => (node.inputs[at] ?? '') !== '',
    value(at) {
      if (!reader.has(at))
        throw new ImportError('IMPORT_GRAPH', `it has no input ${at}`, builder.source);
      return valueNamed(node.inputs[at]!);
    },
    constant(at, what) {
      const value = reader.value(at);
      if (value.kind === 'constant') return value.array;
      throw builder.unsupported(
        `${what} depends on the picture`,
        'it must be a constant, or follow from constants',
      );
    },
    number: (name, fallback) => attribute(name)?.number ?? fallback,
    text: (name, fallback) => attribute(name)?.text ?? fallback,
    numbers: (name) => {
      const { numbers, number } = attribute(name) ?? {};
      if (numbers === undefined) return undefined;
      return numbers.length === 0 && number !== undefined ? [number] : numbers;
    },
    tensor(name) {
      const tensor = attribute(name)?.tensor;
      return tensor === undefined ? undefined : tensorValues(tensor, readBeside);
    },
    shape: (at) => shapeOf(reader.value(at)),
  };
  return reader;
}
