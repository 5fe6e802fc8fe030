/** Writes small ONNX models, sound ones and broken ones. */

export interface OnnxTensorText {
  readonly name: string;
  readonly shape: readonly number[];
  readonly floats?: readonly number[];
  /** Entries of data outside the model: location, offset, length. */
  readonly external?: Readonly<Record<string, string>>;
  readonly dataType?: number;
}

export interface OnnxNodeText {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output?: string;
  /** Instead of `output`, several. */
  readonly outputs?: readonly string[];
  readonly ints?: Readonly<Record<string, readonly number[]>>;
  readonly int?: Readonly<Record<string, number>>;
}

export interface OnnxText {
  readonly nodes: readonly OnnxNodeText[];
  readonly tensors?: readonly OnnxTensorText[];
  readonly inputs?: readonly { name: string; shape: readonly (number | string)[] }[];
  readonly outputs?: readonly string[];
  readonly opset?: number;
}

type Part = Uint8Array;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

const whole = (field: number, value: number): Part =>
  Uint8Array.from([...varint(field * 8), ...varint(value)]);

function message(field: number, ...parts: (Part | string)[]): Part {
  const bytes = parts.map((part) =>
    typeof part === 'string' ? new TextEncoder().encode(part) : part,
  );
  const length = bytes.reduce((sum, part) => sum + part.length, 0);
  return joined([Uint8Array.from([...varint(field * 8 + 2), ...varint(length)]), ...bytes]);
}

function joined(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function tensor({ name, shape, floats, external, dataType = 1 }: OnnxTensorText): Part {
  return message(
    5,
    ...shape.map((side) => whole(1, side)),
    whole(2, dataType),
    message(8, name),
    ...(floats ? [message(9, new Uint8Array(Float32Array.from(floats).buffer))] : []),
    ...Object.entries(external ?? {}).map(([key, value]) =>
      message(13, message(1, key), message(2, value)),
    ),
    ...(external ? [whole(14, 1)] : []),
  );
}

function node(text: OnnxNodeText): Part {
  const { op, inputs, output = '', outputs = [output], ints = {}, int = {} } = text;
  return message(
    1,
    ...inputs.map((name) => message(1, name)),
    ...outputs.map((name) => message(2, name)),
    message(4, op),
    ...Object.entries(int).map(([name, value]) =>
      message(5, message(1, name), whole(3, value), whole(20, 2)),
    ),
    ...Object.entries(ints).map(([name, values]) =>
      message(5, message(1, name), ...values.map((value) => whole(8, value)), whole(20, 7)),
    ),
  );
}

function valueInfo(field: number, name: string, shape: readonly (number | string)[]): Part {
  const sizes = shape.map((side) =>
    message(1, typeof side === 'number' ? whole(1, side) : message(2, side)),
  );
  return message(
    field,
    message(1, name),
    message(2, message(1, whole(1, 1), message(2, ...sizes))),
  );
}

export function onnxModel(text: OnnxText): Uint8Array<ArrayBuffer> {
  const { nodes, tensors = [], opset = 17, outputs = ['y'] } = text;
  const inputs = text.inputs ?? [{ name: 'x', shape: [1, 3, 8, 8] }];
  const graph = message(
    7,
    ...nodes.map(node),
    ...tensors.map(tensor),
    ...inputs.map(({ name, shape }) => valueInfo(11, name, shape)),
    ...outputs.map((name) => valueInfo(12, name, [])),
  );
  return joined([whole(1, 8), graph, message(8, whole(2, opset))]);
}
