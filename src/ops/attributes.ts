/**
 * Reads the attributes of one node of the graph's JSON, each with its checks; whatever is wrong is
 * said with the node's and the attribute's name.
 */

import { GraphError, ModelFormatError } from '../errors.ts';
import { showJson } from '../json.ts';
import { type Padding, type Pair, showShape, type Tensor } from '../tensor.ts';

/** Kernels, strides and paddings beyond this are refused: their cost would have no bound. */
const MAX_WINDOW = 1024;

export interface Attributes {
  readonly name: string;
  has(key: string): boolean;
  string(key: string): string;
  /** Whole number of at least `minimum`. */
  integer(key: string, minimum: number): number;
  integerOr(key: string, minimum: number, fallback: number): number;
  /** Number of at least `minimum` that is finite in float32. */
  number(key: string, minimum: number): number;
  numberOr<Fallback>(key: string, minimum: number, fallback: Fallback): number | Fallback;
  names(key: string): string[];
  /** `[vertical, horizontal]`, each from 1 to 1024. */
  pair(key: string): Pair;
  /** A pair, if it is there. */
  pairOrNone(key: string): Pair | undefined;
  /** `[top, left, bottom, right]`, each from 0 to 1024. */
  padding(key: string): Padding;
  /** A float32 tensor of `rank` dimensions, all of it finite. */
  floats(key: string, rank: number): FloatTensor;
  floatsOrNone(key: string, rank: number): FloatTensor | undefined;
  /** Any tensor of one of the dtypes. */
  tensor<Dtype extends Tensor['dtype']>(
    key: string,
    dtypes: readonly Dtype[],
    rank: number,
  ): Extract<Tensor, { dtype: Dtype }>;
  /** Refuses every attribute that is not among `known`: its meaning would be lost silently. */
  only(known: readonly string[]): void;
  /** An error of this node. */
  invalid(message: string, hint: string): GraphError;
}

export type FloatTensor = Extract<Tensor, { dtype: 'F32' }>;

/** -1 where all are finite. Only the upper halves of the bits are looked at: their exponents tell. */
function indexOfNotFinite({ buffer, byteOffset, length }: Float32Array): number {
  const halves = new Uint16Array(buffer, byteOffset, 2 * length);
  for (let at = 1; at < halves.length; at += 2) {
    if ((halves[at]! & 0x7f80) === 0x7f80) return at >> 1;
  }
  return -1;
}

/** @param label how to call the node in errors */
export function attributesOf(
  json: Record<string, unknown>,
  label: string,
  tensors: ReadonlyMap<string, Tensor>,
): Attributes {
  const invalid = (message: string, hint: string) =>
    new GraphError('GRAPH_INVALID', `${label}: ${message}`, { hint });

  const checked = (key: string, expected: string, holds: (value: unknown) => boolean): unknown => {
    const value = json[key];
    if (!holds(value)) throw invalid(`${key} is ${showJson(value)}`, `it must be ${expected}`);
    return value;
  };
  const isInteger = (minimum: number) => (value: unknown) =>
    Number.isSafeInteger(value) && (value as number) >= minimum;
  const integers = (key: string, count: number, minimum: number) =>
    checked(
      key,
      `${count} whole numbers from ${minimum} to ${MAX_WINDOW}`,
      (value) =>
        Array.isArray(value) &&
        value.length === count &&
        value.every((x) => isInteger(minimum)(x) && x <= MAX_WINDOW),
    );

  const attributes: Attributes = {
    name: label,
    invalid,
    only(known) {
      const stranger = Object.keys(json).find((key) => !known.includes(key));
      if (stranger === undefined) return;
      throw invalid(`unknown attribute ${showJson(stranger)}`, `known are ${known.join(', ')}`);
    },
    has: (key) => json[key] !== undefined,
    string: (key) =>
      checked(key, 'a non-empty string', (v) => typeof v === 'string' && v !== '') as string,
    integer: (key, minimum) =>
      checked(key, `a whole number of at least ${minimum}`, isInteger(minimum)) as number,
    integerOr: (key, minimum, fallback) =>
      json[key] === undefined ? fallback : attributes.integer(key, minimum),
    number: (key, minimum) =>
      checked(
        key,
        `a finite float32 number of at least ${minimum}`,
        (v) => typeof v === 'number' && Number.isFinite(Math.fround(v)) && v >= minimum,
      ) as number,
    numberOr: (key, minimum, fallback) =>
      json[key] === undefined ? fallback : attributes.number(key, minimum),
    names: (key) =>
      checked(
        key,
        'an array of names',
        (v) => Array.isArray(v) && v.length > 0 && v.every((name) => typeof name === 'string'),
      ) as string[],
    pair: (key) => integers(key, 2, 1) as unknown as Pair,
    pairOrNone: (key) => (json[key] === undefined ? undefined : attributes.pair(key)),
    padding: (key) => integers(key, 4, 0) as unknown as Padding,
    tensor(key, dtypes, rank) {
      const tensorName = attributes.string(key);
      const tensor = tensors.get(tensorName);
      const where = `${label}: ${key} names the tensor ${showJson(tensorName)}`;
      if (tensor === undefined) {
        throw new ModelFormatError('TENSOR_MISSING', `${where}, which is not there`, {
          hint: 'the file is incomplete, or the graph belongs to another',
        });
      }
      if (!(dtypes as readonly string[]).includes(tensor.dtype) || tensor.shape.length !== rank) {
        throw new ModelFormatError(
          'TENSOR_MISMATCH',
          `${where}, which is ${tensor.dtype} ${showShape(tensor.shape)}`,
          { hint: `it must be ${dtypes.join(' or ')} with ${rank} dimensions` },
        );
      }
      return tensor as Extract<Tensor, { dtype: (typeof dtypes)[number] }>;
    },
    floats(key, rank) {
      const tensor = attributes.tensor(key, ['F32'], rank);
      const bad = indexOfNotFinite(tensor.data);
      if (bad >= 0) {
        throw new ModelFormatError(
          'TENSOR_MISMATCH',
          `${label}: ${key} has ${tensor.data[bad]} at index ${bad}`,
          { hint: 'every number of a model must be finite' },
        );
      }
      return tensor;
    },
    floatsOrNone: (key, rank) =>
      json[key] === undefined ? undefined : attributes.floats(key, rank),
  };
  return attributes;
}

/** A tensor must have exactly the shape that the other attributes give it. */
export function expectShape(
  a: Attributes,
  key: string,
  tensor: Tensor,
  shape: readonly number[],
): void {
  if (tensor.shape.every((size, index) => size === shape[index])) return;
  throw new ModelFormatError('TENSOR_MISMATCH', `${a.name}: ${key} is ${showShape(tensor.shape)}`, {
    hint: `by the other attributes it must be ${showShape(shape)}`,
  });
}

/** A float vector of `length`, if it is there. */
export function vectorOrNone(a: Attributes, key: string, length: number): Float32Array | undefined {
  const tensor = a.floatsOrNone(key, 1);
  if (tensor !== undefined) expectShape(a, key, tensor, [length]);
  return tensor?.data;
}

export function expectGroups(
  a: Attributes,
  groups: number,
  inChannels: number,
  outChannels: number,
): void {
  if (inChannels % groups === 0 && outChannels % groups === 0) return;
  throw a.invalid(
    `${groups} groups of ${inChannels} input and ${outChannels} output channels`,
    'the number of groups must divide both',
  );
}
