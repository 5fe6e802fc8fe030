/** What an operation sees of its ONNX node. */

import { integersOf, type NdArray } from '../array.ts';
import type { Builder } from '../builder.ts';
import type { Value } from '../values.ts';

/** One node, with its inputs read and its attributes at hand. */
export interface NodeReader {
  readonly builder: Builder;
  readonly opset: number;
  readonly operation: string;
  /** How many inputs are listed. */
  readonly count: number;
  /** How many outputs are listed. */
  readonly results: number;
  has(input: number): boolean;
  value(input: number): Value;
  /** A constant input; `what` it is, for the error. */
  constant(input: number, what: string): NdArray;
  shape(input: number): readonly number[];
  number(attribute: string, fallback: number): number;
  text(attribute: string, fallback: string): string;
  numbers(attribute: string): readonly number[] | undefined;
  tensor(attribute: string): NdArray | undefined;
}

/** A node's value, or its values where it has several. */
export type Read = (node: NodeReader) => Value | readonly Value[];

export const constant = (array: NdArray): Value => ({ kind: 'constant', array });

/** A list of whole numbers that older opsets have as an attribute, newer ones as an input. */
export function list(node: NodeReader, input: number, attribute: string): number[] | undefined {
  if (node.has(input)) return integersOf(node.constant(input, attribute));
  const numbers = node.numbers(attribute);
  return numbers === undefined ? undefined : [...numbers];
}
