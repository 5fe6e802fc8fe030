/** The parts of an ONNX model that an inference needs (onnx.proto, IR version 3 and later). */

import { ImportError } from '../../errors.ts';
import { checkedSize, type ElementType, type NdArray, ndArray } from '../array.ts';
import { damaged, type Field, fieldsOf, floatsOf, textOf, varintsOf } from './protobuf.ts';

export interface OnnxNode {
  readonly name: string;
  /** `Conv`, or with a domain of its own `onnx.brevitas.BipolarQuant`. */
  readonly operation: string;
  /** Empty where an optional one is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

export interface OnnxAttribute {
  readonly number: number | undefined;
  readonly text: string | undefined;
  readonly numbers: readonly number[];
  readonly tensor: OnnxTensor | undefined;
  /** Has subgraphs or other things that nothing here reads. */
  readonly unreadable: boolean;
}

/** A tensor whose data may lie in a file beside the model. */
export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** onnx.TensorProto.DataType. */
  readonly dataType: number;
  readonly raw: Uint8Array | undefined;
  readonly numbers: readonly number[];
  readonly external: ExternalData | undefined;
}

export interface ExternalData {
  /** As the file says, relative to the model. */
  readonly location: string;
  readonly offset: number;
  /** To the end of the file where it is left out. */
  readonly length: number | undefined;
}

export interface OnnxInput {
  readonly name: string;
  /** A name where the size is not fixed, undefined where nothing is said. */
  readonly shape: readonly (number | string | undefined)[] | undefined;
}

export interface OnnxModel {
  /** Opset of the default domain. */
  readonly opset: number;
  readonly producer: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, OnnxTensor>;
  /** Without those that are initializers. */
  readonly inputs: readonly OnnxInput[];
  readonly outputs: readonly string[];
}

/** What reads a file beside the model; undefined where there is none of that name. */
export type ReadBeside = (location: string) => Uint8Array | undefined;

const MAX_NODES = 50_000;

/** Opsets whose meaning of the operations used is known. */
const OPSETS = { least: 7, most: 25 } as const;

/** @throws ImportError IMPORT_FORMAT */
export function parseOnnx(bytes: Uint8Array): OnnxModel {
  let graph: Uint8Array | undefined;
  let producer = '';
  let opset: number | undefined;
  for (const field of fieldsOf(bytes)) {
    if (field.number === 2) producer = textOf(field);
    else if (field.number === 7) graph = message(field);
    else if (field.number === 8) opset = parseOpset(message(field)) ?? opset;
  }
  if (graph === undefined) throw damaged('it has no graph');
  if (opset === undefined) throw damaged('it does not say which opset it uses');
  if (opset < OPSETS.least || opset > OPSETS.most) {
    throw new ImportError('IMPORT_FORMAT', `The model uses opset ${opset}`, {
      hint: `known are ${OPSETS.least} to ${OPSETS.most}: export it with another opset_version`,
    });
  }
  return { opset, producer, ...parseGraph(graph) };
}

function message(field: Field): Uint8Array {
  if (field.wire === 2) return field.bytes;
  throw damaged(`field ${field.number} is a number where a message belongs`);
}

/** The version, if the domain is the default one. */
function parseOpset(bytes: Uint8Array): number | undefined {
  let domain = '';
  let version = 0;
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) domain = textOf(field);
    else if (field.number === 2) version = field.value;
  }
  return domain === '' || domain === 'ai.onnx' ? version : undefined;
}

function parseGraph(bytes: Uint8Array) {
  const nodes: OnnxNode[] = [];
  const initializers = new Map<string, OnnxTensor>();
  const inputs: OnnxInput[] = [];
  const outputs: string[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) nodes.push(parseNode(message(field)));
    else if (field.number === 5) {
      const tensor = parseTensor(message(field));
      initializers.set(tensor.name, tensor);
    } else if (field.number === 11) inputs.push(parseValueInfo(message(field)));
    else if (field.number === 12) outputs.push(parseValueInfo(message(field)).name);
    else if (field.number === 15) throw damaged('it has sparse initializers, which are not read');
    if (nodes.length > MAX_NODES) throw damaged(`it has more than ${MAX_NODES} nodes`);
  }
  return {
    nodes,
    initializers,
    inputs: inputs.filter(({ name }) => !initializers.has(name)),
    outputs,
  };
}

function parseNode(bytes: Uint8Array): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, OnnxAttribute>();
  let name = '';
  let type = '';
  let domain = '';
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) inputs.push(textOf(field));
    else if (field.number === 2) outputs.push(textOf(field));
    else if (field.number === 3) name = textOf(field);
    else if (field.number === 4) type = textOf(field);
    else if (field.number === 5) attributes.set(...parseAttribute(message(field)));
    else if (field.number === 7) domain = textOf(field);
  }
  const operation = domain === '' || domain === 'ai.onnx' ? type : `${domain}.${type}`;
  return { name: name || outputs[0] || type, operation, inputs, outputs, attributes };
}

function parseAttribute(bytes: Uint8Array): [string, OnnxAttribute] {
  let name = '';
  let number: number | undefined;
  let text: string | undefined;
  let tensor: OnnxTensor | undefined;
  let unreadable = false;
  const numbers: number[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) name = textOf(field);
    else if (field.number === 2 || field.number === 3) number = field.value;
    else if (field.number === 4) text = textOf(field);
    else if (field.number === 5) tensor = parseTensor(message(field));
    else if (field.number === 7) append(numbers, floatsOf(field, 4));
    else if (field.number === 8) append(numbers, varintsOf(field));
    else if ([6, 9, 10, 11, 22, 23, 14, 15].includes(field.number)) unreadable = true;
  }
  return [name, { number, text, numbers, tensor, unreadable }];
}

/** Without the limit of arguments that `push(...)` has. */
function append(target: number[], values: readonly number[]): void {
  for (const value of values) target.push(value);
}

function parseValueInfo(bytes: Uint8Array): OnnxInput {
  let name = '';
  let shape: OnnxInput['shape'];
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) name = textOf(field);
    else if (field.number === 2) shape = parseType(message(field));
  }
  return { name, shape };
}

/** TypeProto.tensor_type.shape.dim. */
function parseType(bytes: Uint8Array): OnnxInput['shape'] {
  for (const type of fieldsOf(bytes)) {
    if (type.number !== 1) continue;
    for (const field of fieldsOf(message(type))) {
      if (field.number !== 2) continue;
      const sizes: (number | string | undefined)[] = [];
      for (const dimension of fieldsOf(message(field))) {
        if (dimension.number === 1) sizes.push(parseDimension(message(dimension)));
      }
      return sizes;
    }
  }
  return undefined;
}

function parseDimension(bytes: Uint8Array): number | string | undefined {
  let size: number | string | undefined;
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) size = field.value;
    else if (field.number === 2) size = textOf(field);
  }
  return size;
}

function parseTensor(bytes: Uint8Array): OnnxTensor {
  const shape: number[] = [];
  const numbers: number[] = [];
  const external = new Map<string, string>();
  let name = '';
  let dataType = 0;
  let raw: Uint8Array | undefined;
  let isExternal = false;
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) append(shape, varintsOf(field));
    else if (field.number === 2) dataType = field.value;
    else if (field.number === 4) append(numbers, floatsOf(field, 4));
    else if (field.number === 5 || field.number === 7 || field.number === 11) {
      append(numbers, varintsOf(field));
    } else if (field.number === 8) name = textOf(field);
    else if (field.number === 9) raw = field.bytes;
    else if (field.number === 10) append(numbers, floatsOf(field, 8));
    else if (field.number === 13) external.set(...parseEntry(message(field)));
    else if (field.number === 14) isExternal = field.value === 1;
  }
  return {
    name,
    shape,
    dataType,
    raw,
    numbers,
    external: isExternal ? parseExternal(name, external) : undefined,
  };
}

function parseEntry(bytes: Uint8Array): [string, string] {
  let key = '';
  let value = '';
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) key = textOf(field);
    else if (field.number === 2) value = textOf(field);
  }
  return [key, value];
}

function parseExternal(name: string, entries: ReadonlyMap<string, string>): ExternalData {
  const location = entries.get('location');
  if (location === undefined || location === '') {
    throw new ImportError('IMPORT_DATA', `The data of ${name} lie in a file that is not named`);
  }
  // Beside the model means beside the model: a model must not make anyone read other files.
  const parts = location.split(/[/\\]/);
  if (parts.includes('..') || parts[0] === '' || /^[a-z]:|\0/i.test(location)) {
    throw new ImportError('IMPORT_DATA', `The data of ${name} would lie in ${location}`, {
      hint: 'external data are read from the folder of the model and those below it only',
    });
  }
  const whole = (key: string): number | undefined => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
    throw new ImportError('IMPORT_DATA', `The data of ${name} have ${key} ${text}`, {
      hint: 'a whole number of bytes',
    });
  };
  return { location, offset: whole('offset') ?? 0, length: whole('length') };
}

interface DataType {
  readonly type: ElementType;
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
}

/** onnx.TensorProto.DataType. */
const DATA_TYPES: Readonly<Record<number, DataType>> = {
  1: { type: 'float', bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  2: { type: 'int', bytes: 1, read: (view, at) => view.getUint8(at) },
  3: { type: 'int', bytes: 1, read: (view, at) => view.getInt8(at) },
  4: { type: 'int', bytes: 2, read: (view, at) => view.getUint16(at, true) },
  5: { type: 'int', bytes: 2, read: (view, at) => view.getInt16(at, true) },
  6: { type: 'int', bytes: 4, read: (view, at) => view.getInt32(at, true) },
  7: { type: 'int', bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  9: { type: 'bool', bytes: 1, read: (view, at) => Number(view.getUint8(at) !== 0) },
  10: { type: 'float', bytes: 2, read: (view, at) => halfFloat(view.getUint16(at, true)) },
  11: { type: 'float', bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  12: { type: 'int', bytes: 4, read: (view, at) => view.getUint32(at, true) },
  13: { type: 'int', bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
};

function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** What an ONNX data type becomes. @throws ImportError IMPORT_UNSUPPORTED */
export function elementTypeOf(dataType: number): ElementType {
  return dataTypeOf(dataType, 'a Cast').type;
}

function dataTypeOf(dataType: number, what: string): DataType {
  const known = DATA_TYPES[dataType];
  if (known !== undefined) return known;
  throw new ImportError('IMPORT_UNSUPPORTED', `${what} has ONNX data type ${dataType}`, {
    hint: 'known are float16 to float64, whole numbers and bool',
  });
}

/**
 * The numbers of a tensor.
 * @param readBeside files beside the model
 * @throws ImportError IMPORT_DATA, IMPORT_FORMAT, IMPORT_SHAPE, IMPORT_UNSUPPORTED
 */
export function tensorValues(tensor: OnnxTensor, readBeside: ReadBeside): NdArray {
  const what = `The tensor ${tensor.name || 'of a Constant'}`;
  const { type, bytes, read } = dataTypeOf(tensor.dataType, what);
  const size = checkedSize(tensor.shape);
  const raw = tensor.external === undefined ? tensor.raw : externalBytes(tensor, readBeside);
  if (raw === undefined) {
    // float16 and bool are stored as whole numbers here.
    const { numbers } = tensor;
    return ndArray(type, tensor.shape, tensor.dataType === 10 ? numbers.map(halfFloat) : numbers);
  }
  if (raw.length !== size * bytes) {
    throw new ImportError(
      'IMPORT_DATA',
      `${what} [${tensor.shape.join(', ')}] has ${raw.length} bytes, not ${size * bytes}`,
      { hint: 'the file is cut off or damaged' },
    );
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const data = type === 'float' ? new Float32Array(size) : new Float64Array(size);
  for (let at = 0; at < size; at++) data[at] = read(view, at * bytes);
  return ndArray(type, tensor.shape, data);
}

function externalBytes({ name, external }: OnnxTensor, readBeside: ReadBeside): Uint8Array {
  const { location, offset, length } = external!;
  const file = readBeside(location);
  if (file === undefined) {
    throw new ImportError(
      'IMPORT_DATA',
      `The data of ${name} lie in ${location}, which is missing`,
      {
        hint: 'keep the file beside the model, under that name',
      },
    );
  }
  const end = length === undefined ? file.length : offset + length;
  if (offset > file.length || end > file.length) {
    throw new ImportError(
      'IMPORT_DATA',
      `The data of ${name} would be bytes ${offset} to ${end} of ${location}, which has ${file.length}`,
      { hint: 'the file is cut off, or belongs to another model' },
    );
  }
  return file.subarray(offset, end);
}
