/**
 * Reads the attributes of one node of the graph's JSON, each with its checks; whatever is wrong is
 * said with the node's and the attribute's name.
 */

import { GraphError, ModelFormatError } from '../errors.ts';
import type { Padding, Pair, Tensor } from './graph.ts';

export interface Attributes {
  readonly name: string;
  string(key: string): string;
  /** Whole number of at least `minimum`. */
  integer(key: string, minimum: number): number;
  integerOr(key: string, minimum: number, fallback: number): number;
  /** Finite number. */
  number(key: string): number;
  numberOr<Fallback>(key: string, fallback: Fallback): number | Fallback;
  names(key: string): string[];
  pair(key: string, minimum: number): Pair;
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
  has(key: string): boolean;
  /** An error of this node. */
  invalid(message: string, hint: string): GraphError;
}

export type FloatTensor = Extract<Tensor, { dtype: 'F32' }>;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @param label how to call the node in errors */
export function attributesOf(
  json: Record<string, unknown>,
  label: string,
  tensors: ReadonlyMap<string, Tensor>,
): Attributes {
  const invalid = (message: string, hint: string) =>
    new GraphError('GRAPH_INVALID', `${label}: ${message}`, { hint });
  const shown = (value: unknown) =>
    value === undefined ? 'missing' : (JSON.stringify(value) ?? String(value));

  const checked = (key: string, expected: string, holds: (value: unknown) => boolean): unknown => {
    const value = json[key];
    if (!holds(value))
      throw invalid(`${key} is ${shown(value).slice(0, 80)}`, `it must be ${expected}`);
    return value;
  };
  const isInteger = (minimum: number) => (value: unknown) =>
    Number.isSafeInteger(value) && (value as number) >= minimum;
  const integers = (key: string, count: number, minimum: number) =>
    checked(
      key,
      `${count} whole numbers of at least ${minimum}`,
      (value) => Array.isArray(value) && value.length === count && value.every(isInteger(minimum)),
    );

  const attributes: Attributes = {
    name: label,
    invalid,
    has: (key) => json[key] !== undefined,
    string: (key) =>
      checked(key, 'a non-empty string', (v) => typeof v === 'string' && v !== '') as string,
    integer: (key, minimum) =>
      checked(key, `a whole number of at least ${minimum}`, isInteger(minimum)) as number,
    integerOr: (key, minimum, fallback) =>
      json[key] === undefined ? fallback : attributes.integer(key, minimum),
    number: (key) => checked(key, 'a finite number', Number.isFinite) as number,
    numberOr: (key, fallback) => (json[key] === undefined ? fallback : attributes.number(key)),
    names: (key) =>
      checked(
        key,
        'an array of names',
        (v) => Array.isArray(v) && v.length > 0 && v.every((name) => typeof name === 'string'),
      ) as string[],
    pair: (key, minimum) => integers(key, 2, minimum) as unknown as Pair,
    padding: (key) => integers(key, 4, 0) as unknown as Padding,
    tensor(key, dtypes, rank) {
      const tensorName = attributes.string(key);
      const tensor = tensors.get(tensorName);
      const where = `${label}: ${key} names the tensor ${JSON.stringify(tensorName)}`;
      if (tensor === undefined) {
        throw new ModelFormatError('TENSOR_MISSING', `${where}, which is not there`, {
          hint: 'the file is incomplete, or the graph belongs to another',
        });
      }
      if (!(dtypes as readonly string[]).includes(tensor.dtype) || tensor.shape.length !== rank) {
        throw new ModelFormatError(
          'TENSOR_MISMATCH',
          `${where}, which is ${tensor.dtype} [${tensor.shape.join(', ')}]`,
          { hint: `it must be ${dtypes.join(' or ')} with ${rank} dimensions` },
        );
      }
      return tensor as Extract<Tensor, { dtype: (typeof dtypes)[number] }>;
    },
    floats(key, rank) {
      const tensor = attributes.tensor(key, ['F32'], rank);
      const bad = tensor.data.findIndex((x) => !Number.isFinite(x));
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
