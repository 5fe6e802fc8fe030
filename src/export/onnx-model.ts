/** Writes ONNX models: protocol buffers as onnx.proto has them, IR version 8, opset 17. */

import { joined } from '../joined.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** A whole number, whole numbers, or a float. */
export type OnnxAttribute = number | readonly number[] | { readonly float: number };

export interface OnnxWriter {
  /** Adds a node; returns the name of its value. */
  node(
    operation: string,
    inputs: readonly string[],
    output: string,
    attributes?: Readonly<Record<string, OnnxAttribute>>,
  ): string;
  /** Adds a float32 initializer; returns its name. */
  floats(name: string, shape: readonly number[], data: Float32Array): string;
  /** Adds an int64 initializer, a list; returns its name. */
  integers(name: string, data: readonly number[]): string;
  finish(model: {
    readonly name: string;
    readonly input: { readonly name: string; readonly shape: readonly number[] };
    readonly output: { readonly name: string; readonly shape: readonly number[] };
  }): Uint8Array;
}

const FLOAT = 1;
const INT64 = 7;

/** `AttributeProto.AttributeType`. */
const TYPES = { float: 1, int: 2, ints: 7 } as const;

const encoder = new TextEncoder();

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

const whole = (field: number, value: number): Bytes =>
  Uint8Array.from([...varint(field * 8), ...varint(value)]);

function float32(field: number, value: number): Bytes {
  const bytes = new Uint8Array([...varint(field * 8 + 5), 0, 0, 0, 0]);
  new DataView(bytes.buffer).setFloat32(bytes.length - 4, value, true);
  return bytes;
}

function message(field: number, ...parts: readonly (Uint8Array | string)[]): Bytes {
  const content = parts.map((part) => (typeof part === 'string' ? encoder.encode(part) : part));
  const length = content.reduce((sum, part) => sum + part.length, 0);
  return joined(Uint8Array, [
    Uint8Array.from([...varint(field * 8 + 2), ...varint(length)]),
    ...content,
  ]);
}

function attribute(name: string, value: OnnxAttribute): Bytes {
  const content =
    typeof value === 'number'
      ? [whole(3, value), whole(20, TYPES.int)]
      : 'float' in value
        ? [float32(2, value.float), whole(20, TYPES.float)]
        : [...value.map((each) => whole(8, each)), whole(20, TYPES.ints)];
  return message(5, message(1, name), ...content);
}

function tensor(name: string, type: number, shape: readonly number[], raw: Uint8Array): Bytes {
  const sizes = shape.map((side) => whole(1, side));
  return message(5, ...sizes, whole(2, type), message(8, name), message(9, raw));
}

function valueInfo(field: number, name: string, shape: readonly number[]): Bytes {
  const sizes = shape.map((side) => message(1, whole(1, side)));
  const type = message(1, whole(1, FLOAT), message(2, ...sizes));
  return message(field, message(1, name), message(2, type));
}

export function openOnnxWriter(): OnnxWriter {
  const nodes: Bytes[] = [];
  const initializers: Bytes[] = [];
  return {
    node(operation, inputs, output, attributes = {}) {
      nodes.push(
        message(
          1,
          ...inputs.map((input) => message(1, input)),
          message(2, output),
          message(3, output),
          message(4, operation),
          ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
        ),
      );
      return output;
    },
    floats(name, shape, data) {
      const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      initializers.push(tensor(name, FLOAT, shape, raw));
      return name;
    },
    integers(name, data) {
      const raw = new Uint8Array(BigInt64Array.from(data, BigInt).buffer);
      initializers.push(tensor(name, INT64, [data.length], raw));
      return name;
    },
    finish: ({ name, input, output }) =>
      joined(Uint8Array, [
        whole(1, 8),
        message(2, 'mobinet'),
        message(
          7,
          ...nodes,
          message(2, name),
          ...initializers,
          valueInfo(11, input.name, input.shape),
          valueInfo(12, output.name, output.shape),
        ),
        message(8, message(1, ''), whole(2, 17)),
      ]),
  };
}
