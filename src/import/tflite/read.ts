/** A TensorFlow Lite model to layers: one function per operation. */

import { ImportError } from '../../errors.ts';
import { MAX_ELEMENTS, product } from '../array.ts';
import { type Builder, openBuilder, placed, realise } from '../builder.ts';
import { mapArray } from '../constant.ts';
import type { ForeignNetwork, MapShape } from '../layers.ts';
import { shapeOf, type Value } from '../values.ts';
import { damaged } from './flatbuffer.ts';
import { readOptions } from './flexbuffer.ts';
import { INT8_OPERATIONS } from './int8.ts';
import {
  dequantized,
  gridOf,
  isQuantized,
  parseTflite,
  type TfliteModel,
  type TfliteOperator,
  type TfliteTensor,
  tensorValues,
  typeName,
} from './model.ts';
import type { NodeReader } from './node.ts';
import { dequantize, OPERATIONS } from './operations.ts';

const FLOAT32 = 0;

/** What makes numbers, or signs, of numbers of 8 bits; or looks at their shape. */
const READS_INT8 = new Set(['DEQUANTIZE', 'LceQuantize', 'SHAPE']);

/** @throws ImportError */
export function readTflite(bytes: Uint8Array): ForeignNetwork {
  const model = parseTflite(bytes);
  const { tensors } = model;
  const output = onlyOne(model, 'output');
  const needed = neededOperators(model, output);
  const builder = openBuilder('nhwc');
  const values = new Map<number, Value>();
  values.set(...readInput(builder, model));
  const valueAt = (index: number): Value => {
    const known = values.get(index);
    if (known !== undefined) return known;
    const tensor = tensors[index]!;
    if (tensor.data.length === 0 && product(tensor.shape) > 0) {
      throw new ImportError('IMPORT_GRAPH', `nothing before it makes ${tensor.name}`, {
        ...builder.source,
        hint: 'the file is damaged',
      });
    }
    const array = tensorValues(tensor);
    const floats = isQuantized(tensor) ? dequantized(tensor, array) : array;
    const value: Value = { kind: 'constant', array: floats };
    values.set(index, value);
    return value;
  };
  for (const operator of needed) {
    const { operation } = operator;
    const first = tensors[operator.outputs[0]!]!;
    builder.source = { node: nameOf(first), operation };
    try {
      const isInt8 = isQuantized(first);
      const known = isInt8 ? INT8_OPERATIONS : OPERATIONS;
      const read = Object.hasOwn(known, operation) && known[operation];
      if (!read && isInt8) {
        throw builder.unsupported(
          `its result is ${typeName(first)}`,
          'convert without experimental_default_int8_range, so that what is not binary stays float32',
        );
      }
      if (!read) {
        throw builder.unsupported(
          'this operation is not known',
          'docs/import.md lists those that are; leave it out of the converted part, or ask for it',
        );
      }
      const made = read(nodeReader(builder, operator, tensors, valueAt));
      const results = Array.isArray(made) ? (made as Value[]) : [made as Value];
      for (const [at, value] of results.entries()) {
        const index = operator.outputs[at]!;
        checkResult(builder, tensors[index]!, value);
        if (values.has(index)) throw damaged(`two operators make ${tensors[index]!.name}`);
        values.set(index, value);
      }
    } catch (error) {
      throw placed(error, builder);
    }
  }
  builder.source = { node: 'output', operation: 'output' };
  const last = dequantize(builder, valueAt(output), gridOf(tensors[output]!));
  const result = realise(builder, last);
  return {
    kind: 'TensorFlow Lite',
    producer: model.description,
    layers: builder.layers,
    output: result.layer,
    nodes: model.operators.length,
    needed: needed.length,
  };
}

/** Operators that were fused have all their names, apart by `;`. */
function nameOf({ name }: TfliteTensor): string {
  return name.split(';')[0] || 'unnamed';
}

function onlyOne(model: TfliteModel, which: 'input' | 'output'): number {
  const indices = which === 'input' ? model.inputs : model.outputs;
  if (indices.length === 1) return indices[0]!;
  throw new ImportError('IMPORT_GRAPH', `The model has ${indices.length} ${which}s`, {
    hint: `it must have one ${which}: convert the classifier alone`,
  });
}

/** Those that the output needs; operators are in an order in which they can be run. */
function neededOperators({ operators }: TfliteModel, output: number): TfliteOperator[] {
  const wanted = new Set([output]);
  const needed: TfliteOperator[] = [];
  for (const operator of [...operators].reverse()) {
    if (!operator.outputs.some((index) => wanted.has(index))) continue;
    for (const index of operator.inputs) wanted.add(index);
    needed.push(operator);
  }
  return needed.reverse();
}

function readInput(builder: Builder, model: TfliteModel): [number, Value] {
  const index = onlyOne(model, 'input');
  const tensor = model.tensors[index]!;
  const { shape } = tensor;
  const what = `The input ${tensor.name} is ${typeName(tensor)} [${shape.join(', ')}]`;
  if (tensor.type !== FLOAT32) {
    throw new ImportError('IMPORT_UNSUPPORTED', what, {
      hint: 'it must be float32: convert with inference_input_type=tf.float32',
    });
  }
  const sizes = shape.every((side) => side > 0) && product(shape) <= MAX_ELEMENTS;
  if (!sizes || shape[0] !== 1 || (shape.length !== 4 && shape.length !== 2)) {
    throw new ImportError('IMPORT_SHAPE', what, {
      hint: 'it must be a picture [1, height, width, channels] of a fixed size',
    });
  }
  builder.source = { node: nameOf(tensor), operation: 'input' };
  const map: MapShape = shape.length === 4 ? [shape[3]!, shape[1]!, shape[2]!] : [shape[1]!, 1, 1];
  return [index, { kind: 'map', layer: builder.layer({ op: 'input' }, [], map), shape }];
}

/** What the file says of a result. Bits are int32 there, and shapes are whole numbers. */
function checkResult(builder: Builder, tensor: TfliteTensor, value: Value): void {
  const made = shapeOf(value);
  const { shape } = tensor;
  if (
    (tensor.type !== FLOAT32 && !isQuantized(tensor)) ||
    shape.length === 0 ||
    String(made) === String(shape)
  )
    return;
  throw new ImportError(
    'IMPORT_SHAPE',
    `it makes [${made.join(', ')}], the file says [${shape.join(', ')}]`,
    { ...builder.source, hint: 'the file is damaged' },
  );
}

function nodeReader(
  builder: Builder,
  { operation, inputs, outputs, options, customOptions }: TfliteOperator,
  tensors: readonly TfliteTensor[],
  valueAt: (index: number) => Value,
): NodeReader {
  let custom: ReadonlyMap<string, number> | undefined;
  const result = gridOf(tensors[outputs[0]!]!);
  const reader: NodeReader = {
    builder,
    operation,
    count: inputs.length,
    results: outputs.length,
    has: (at) => (inputs[at] ?? -1) >= 0,
    value(at) {
      if (!reader.has(at)) {
        throw new ImportError('IMPORT_GRAPH', `it has no input ${at}`, builder.source);
      }
      const tensor = tensors[inputs[at]!]!;
      const value = valueAt(inputs[at]!);
      if (!isQuantized(tensor) || result !== undefined || READS_INT8.has(operation)) return value;
      throw builder.unsupported(
        `it computes with ${typeName(tensor)} numbers`,
        'convert without quantization, so that what is not binary stays float32',
      );
    },
    constant(at, what) {
      const value = reader.value(at);
      if (value.kind === 'constant') return value.array;
      throw builder.unsupported(
        `${what} depends on the picture`,
        'it must be a constant, or follow from constants',
      );
    },
    grid: (at) => gridOf(tensors[inputs[at]!]!),
    result,
    whole(at, what) {
      const tensor = tensors[inputs[at] ?? -1];
      if (tensor === undefined || tensor.data.length === 0) {
        throw builder.unsupported(`${what} is missing, or depends on the picture`, 'a constant');
      }
      const zero = gridOf(tensor)?.zero ?? 0;
      return mapArray(tensorValues(tensor), (x) => x - zero, 'float');
    },
    shape: (at) => shapeOf(reader.value(at)),
    int8: (field, fallback) => options?.int8(field) ?? fallback,
    int32: (field, fallback) => options?.int32(field) ?? fallback,
    float32: (field, fallback) => options?.float32(field) ?? fallback,
    int32s: (field) => options?.int32s(field, 64),
    custom(name) {
      custom ??= readOptions(customOptions);
      const value = custom.get(name);
      if (value !== undefined) return value;
      throw new ImportError('IMPORT_FORMAT', `it has no option ${name}`, {
        ...builder.source,
        hint: 'the file is damaged',
      });
    },
  };
  return reader;
}
