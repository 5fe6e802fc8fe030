/** One operator, with its inputs read and its options at hand. */

import type { NdArray } from '../array.ts';
import type { Builder } from '../builder.ts';
import type { Value } from '../values.ts';
import type { Grid } from './model.ts';

export interface NodeReader {
  readonly builder: Builder;
  readonly operation: string;
  /** How many inputs are listed. */
  readonly count: number;
  /** How many outputs are listed. */
  readonly results: number;
  has(input: number): boolean;
  value(input: number): Value;
  /** A constant input; `what` it is, for the error. */
  constant(input: number, what: string): NdArray;
  /** What the whole numbers of an input stand for; undefined of float32. */
  grid(input: number): Grid | undefined;
  /** What those of its first result stand for. */
  readonly result: Grid | undefined;
  /** The whole numbers of a constant, less their zero point. */
  whole(input: number, what: string): NdArray;
  shape(input: number): readonly number[];
  /** A field of the operator's options, by its number in the schema. */
  int8(field: number, fallback: number): number;
  int32(field: number, fallback: number): number;
  float32(field: number, fallback: number): number;
  int32s(field: number): readonly number[] | undefined;
  /** An option of a custom operation. */
  custom(name: string): number;
}

/** An operator's value, or its values where it has several. */
export type Read = (node: NodeReader) => Value | readonly Value[];
