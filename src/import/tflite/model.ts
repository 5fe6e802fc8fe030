/** The parts of a TensorFlow Lite model that an inference needs (tensorflow/compiler/mlir/lite/schema/schema.fbs). */

import { ImportError } from '../../errors.ts';
import { checkedSize, type ElementType, type NdArray, ndArray } from '../array.ts';
import { damaged, rootTable, type Table } from './flatbuffer.ts';
import { OPERATORS } from './operators.ts';

export interface TfliteTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** `tflite.TensorType`. */
  readonly type: number;
  /** Empty where an operation makes it. */
  readonly data: Uint8Array;
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  /** The axis along which scales differ. */
  readonly scaleAxis: number;
}

export interface TfliteOperator {
  /** `CONV_2D`, or a custom one's own name. */
  readonly operation: string;
  /** Indices of tensors; -1 where an optional one is left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: Table | undefined;
  /** Of a custom operation, as its author encodes them. */
  readonly customOptions: Uint8Array;
}

export interface TfliteModel {
  readonly description: string;
  readonly tensors: readonly TfliteTensor[];
  readonly operators: readonly TfliteOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

const MOST = { tensors: 200_000, operators: 50_000, rank: 8, listed: 1024, channels: 65_536 };

const CUSTOM = OPERATORS.indexOf('CUSTOM');

/** Whether bytes have the identifier of TensorFlow Lite. */
export function isTflite(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(4, 8)) === 'TFL3';
}

/** @throws ImportError IMPORT_FORMAT, IMPORT_GRAPH, IMPORT_SHAPE */
export function parseTflite(bytes: Uint8Array): TfliteModel {
  const model = rootTable(bytes);
  const version = model.int32(0) ?? 0;
  if (version !== 3) throw damaged(`its version is ${version}, not 3`);
  const codes = (model.tables(1, 4096) ?? []).map(operationName);
  const buffers = (model.tables(4, MOST.tensors) ?? []).map((buffer) => bufferBytes(buffer, bytes));
  const graphs = model.tables(2, MOST.listed) ?? [];
  if (graphs.length !== 1) {
    throw new ImportError('IMPORT_GRAPH', `The model has ${graphs.length} graphs`, {
      hint: 'one is read: export the network without loops and conditions',
    });
  }
  const graph = graphs[0]!;
  const tensors = (graph.tables(0, MOST.tensors) ?? []).map((table) => parseTensor(table, buffers));
  const known = (indices: readonly number[], least: number) => {
    const wrong = indices.find((index) => index < least || index >= tensors.length);
    if (wrong === undefined) return indices;
    throw damaged(`it refers to tensor ${wrong} of ${tensors.length}`);
  };
  const operators = (graph.tables(3, MOST.operators) ?? []).map((table): TfliteOperator => {
    const operation = codes[table.int32(0) ?? 0];
    if (operation === undefined) throw damaged('an operator has no operation');
    return {
      operation,
      inputs: known(table.int32s(1, MOST.listed) ?? [], -1),
      outputs: known(table.int32s(2, MOST.listed) ?? [], 0),
      options: table.table(4),
      customOptions: table.bytes(5) ?? new Uint8Array(),
    };
  });
  return {
    description: model.text(3) ?? '',
    tensors,
    operators,
    inputs: known(graph.int32s(1, MOST.listed) ?? [], 0),
    outputs: known(graph.int32s(2, MOST.listed) ?? [], 0),
  };
}

function operationName(table: Table): string {
  // Codes above 127 do not fit the older of the two fields.
  const code = Math.max(table.int8(0) ?? 0, table.int32(3) ?? 0);
  if (code === CUSTOM) return table.text(1) ?? 'CUSTOM';
  return OPERATORS[code] ?? `operation ${code}`;
}

/** Models above 2 GB have their data behind the tables. */
function bufferBytes(buffer: Table, file: Uint8Array): Uint8Array {
  const inside = buffer.bytes(0);
  const [offset, size] = [buffer.uint64(1) ?? 0, buffer.uint64(2) ?? 0];
  if (inside !== undefined || offset <= 1) return inside ?? new Uint8Array();
  if (offset + size > file.length) throw damaged('data lie behind its end');
  return file.subarray(offset, offset + size);
}

function parseTensor(table: Table, buffers: readonly Uint8Array[]): TfliteTensor {
  const index = table.int32(2) ?? 0;
  const data = buffers[index];
  if (data === undefined) throw damaged(`it refers to buffer ${index} of ${buffers.length}`);
  if (table.table(6) !== undefined) {
    throw new ImportError('IMPORT_UNSUPPORTED', `The tensor ${table.text(3) ?? ''} is sparse`, {
      hint: 'convert the model without sparsity',
    });
  }
  const quantization = table.table(4);
  return {
    name: table.text(3) ?? '',
    shape: table.int32s(0, MOST.rank) ?? [],
    type: table.int8(1) ?? 0,
    data,
    scales: quantization?.float32s(2, MOST.channels) ?? [],
    zeroPoints: quantization?.int64s(3, MOST.channels) ?? [],
    scaleAxis: quantization?.int32(6) ?? 0,
  };
}

interface DataType {
  readonly name: string;
  readonly type: ElementType;
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
}

const UINT8 = 3;

/** `tflite.TensorType`. */
const DATA_TYPES: Readonly<Record<number, DataType>> = {
  0: { name: 'float32', type: 'float', bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  1: {
    name: 'float16',
    type: 'float',
    bytes: 2,
    read: (view, at) => half(view.getUint16(at, true)),
  },
  2: { name: 'int32', type: 'int', bytes: 4, read: (view, at) => view.getInt32(at, true) },
  3: { name: 'uint8', type: 'int', bytes: 1, read: (view, at) => view.getUint8(at) },
  4: {
    name: 'int64',
    type: 'int',
    bytes: 8,
    read: (view, at) => Number(view.getBigInt64(at, true)),
  },
  6: { name: 'bool', type: 'bool', bytes: 1, read: (view, at) => Number(view.getUint8(at) !== 0) },
  7: { name: 'int16', type: 'int', bytes: 2, read: (view, at) => view.getInt16(at, true) },
  9: { name: 'int8', type: 'int', bytes: 1, read: (view, at) => view.getInt8(at) },
  10: { name: 'float64', type: 'float', bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

export function typeName({ type }: TfliteTensor): string {
  return DATA_TYPES[type]?.name ?? `of type ${type}`;
}

/** Whether its numbers stand for others: scale x (number - zero point). */
export function isQuantized(tensor: TfliteTensor): boolean {
  return tensor.scales.length > 0 && DATA_TYPES[tensor.type]?.type === 'int';
}

/**
 * The numbers of a constant as they are stored.
 * @throws ImportError IMPORT_DATA, IMPORT_SHAPE, IMPORT_UNSUPPORTED
 */
export function tensorValues(tensor: TfliteTensor): NdArray {
  const { name, shape, data } = tensor;
  const dataType = DATA_TYPES[tensor.type];
  if (dataType === undefined) {
    throw new ImportError('IMPORT_UNSUPPORTED', `The tensor ${name} is ${typeName(tensor)}`, {
      hint: 'known are float16 to float64, int8 to int64, uint8 and bool',
    });
  }
  const size = checkedSize(shape);
  if (data.length !== size * dataType.bytes) {
    throw new ImportError(
      'IMPORT_DATA',
      `The tensor ${name} [${shape.join(', ')}] has ${data.length} bytes, not ${size * dataType.bytes}`,
      { hint: 'the file is cut off or damaged' },
    );
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const values = dataType.type === 'float' ? new Float32Array(size) : new Float64Array(size);
  for (let at = 0; at < size; at++) values[at] = dataType.read(view, at * dataType.bytes);
  return ndArray(dataType.type, shape, values);
}

/** What whole numbers stand for: each less `zero`, which lies between the bounds, times a scale. */
export interface Grid {
  /** One, or one a channel. */
  readonly scales: readonly number[];
  readonly zero: number;
  readonly least: number;
  readonly most: number;
}

/** Undefined where a tensor's numbers are what they are. @throws ImportError IMPORT_UNSUPPORTED */
export function gridOf(tensor: TfliteTensor): Grid | undefined {
  if (!isQuantized(tensor)) return undefined;
  const { name, scales, zeroPoints, type } = tensor;
  const zero = zeroPoints[0] ?? 0;
  const isOne = zeroPoints.every((each) => each === zero);
  if (!isOne || !scales.every((scale) => Number.isFinite(scale) && scale > 0)) {
    throw new ImportError('IMPORT_UNSUPPORTED', `The tensor ${name} has steps that are not known`, {
      hint: 'known are positive scales, and zero points that are alike',
    });
  }
  const range = 2 ** (8 * DATA_TYPES[type]!.bytes);
  const lowest = type === UINT8 ? 0 : -range / 2;
  return { scales, zero, least: lowest - zero, most: lowest + range - 1 - zero };
}

/** What the numbers of a quantized constant stand for. @throws ImportError IMPORT_DATA */
export function dequantized({ name, scales, zeroPoints, scaleAxis }: TfliteTensor, array: NdArray) {
  const side = array.shape[scaleAxis] ?? 1;
  if (scales.length !== 1 && scales.length !== side) {
    throw new ImportError('IMPORT_DATA', `The tensor ${name} has ${scales.length} scales`, {
      hint: `one, or one for each of ${side}`,
    });
  }
  const run = array.shape.slice(scaleAxis + 1).reduce((total, each) => total * each, 1);
  const data = Float32Array.from(array.data, (x, at) => {
    const channel = scales.length === 1 ? 0 : Math.floor(at / run) % side;
    return scales[channel]! * (x - (zeroPoints[channel] ?? 0));
  });
  return ndArray('float', array.shape, data);
}
