/**
 * What an operation is. One file each in this folder; `index.ts` is the table of them, and everything
 * that has to know operations by name follows from it: parsing, shapes, cost, folding, the types of
 * nodes; a test holds the table of docs/model-format.md against it.
 */

import type { Shape } from '../tensor.ts';
import type { Attributes } from './attributes.ts';
import type { PiecewiseLinear } from './piecewise-linear.ts';

export interface NodeBase {
  readonly op: string;
  /** Name of the node and of the value it produces; unique in the graph. */
  readonly name: string;
  /** Names of the values it reads. */
  readonly inputs: readonly string[];
}

/** What a node costs and keeps; `NO_COST` for most. */
export interface OperationCost {
  readonly floatMacs: number;
  readonly binaryMacs: number;
  /** Learned numbers that are not single bits. */
  readonly learned: readonly (Float32Array | Int8Array | undefined)[];
  /** Those worked out from others. */
  readonly derived: readonly (Float32Array | BigUint64Array | undefined)[];
  /** Learned single bits. */
  readonly binaryParams: number;
}

export const NO_COST: OperationCost = {
  floatMacs: 0,
  binaryMacs: 0,
  learned: [],
  derived: [],
  binaryParams: 0,
};

/** A function per channel with at most one kink, to be applied after another one. */
export interface Fold {
  /** Whether it has a kink: then it is folded only into functions that have none. */
  readonly kinked: boolean;
  /** f becomes this function of f(x), in place: a model has tens of thousands of them. */
  apply(f: PiecewiseLinear, channel: number): void;
}

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

export interface Operation<Node extends NodeBase> {
  readonly op: Node['op'];
  /** How many values it reads; `many` is two or more. */
  readonly inputs: 1 | 2 | 'many';
  /** It reads a binary value of so many bits a number, and nothing else. */
  readonly readsBits?: (node: Node) => number;
  /** Its value is binary: so many bits a number, one of a sign's +-1. */
  readonly makesBits?: (node: Node) => number;
  /** All its attributes, those that may be absent too. */
  readonly attributes: readonly string[];
  /** The rest of the node of the JSON, checked. */
  parse(attributes: Attributes): Omit<Node, keyof NodeBase>;
  /**
   * The shape of its value.
   * @throws GraphError SHAPE_MISMATCH
   */
  shape(node: Node, inputs: readonly Shape[]): Shape;
  /** @param shape of its value */
  cost(node: Node, shape: Shape): OperationCost;
  /**
   * A convolution's constants as functions of its sums, to which what follows is folded; an
   * operation without is a source of nothing but itself.
   */
  readonly start?: (node: Node) => (channel: number) => PiecewiseLinear;
  /** The bounds of an operation that is min(max(x, low), high), two kinks: it is folded into nothing. */
  readonly clamp?: (node: Node) => Bounds | undefined;
  /** What it is as a function per channel; undefined where it has more than one kink. */
  readonly fold?: (node: Node) => Fold | undefined;
}

export type NodeOf<Op> = Op extends Operation<infer Node> ? Node : never;
