/**
 * Writes a graph with random weights, node after node: what every network of this folder is built with.
 * Weights follow from the seed and the order of the calls.
 */

import type { Int16Stream } from '../graph/graph.ts';
import { sizeOf, type Tensor } from '../tensor.ts';

/** The graph's JSON and its tensors, as in a model file. */
export interface GraphDefinition {
  readonly json: {
    readonly inputs: { name: string; shape: number[] }[];
    readonly nodes: Record<string, unknown>[];
    readonly outputs: string[];
    readonly stream?: Int16Stream;
  };
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** A value of the graph that is being written. */
export interface Value {
  readonly name: string;
  readonly channels: number;
}

export interface GraphWriter {
  /** Adds a node. `channels` are those of its value. */
  add(
    name: string,
    op: string,
    inputs: readonly Value[],
    channels: number,
    attributes?: Record<string, unknown>,
  ): Value;
  /** A tensor of float32, uniform from `least` to `most`; returns its name, as all of these do. */
  floats(name: string, shape: number[], least: number, most: number): string;
  /** A tensor of float32 with these numbers. */
  constants(name: string, shape: number[], data: Float32Array): string;
  /** A tensor of int8, uniform from -127 to 127. */
  integers(name: string, shape: number[]): string;
  /** Packed bits of `filters` filters of `elements` weights; only where those of `within`, if given, are 1. */
  bits(name: string, filters: number, elements: number, within?: string): string;
  finish(output: Value, stream?: Int16Stream): GraphDefinition;
}

/** The value that a network reads: `[3, size, size]`. */
export const IMAGE: Value = { name: 'image', channels: 3 };

/** @param size height and width of the input, pixels */
export function openWriter(size: number, seed: number): GraphWriter {
  const tensors = new Map<string, Tensor>();
  const nodes: Record<string, unknown>[] = [];
  let state = seed >>> 0;
  /** Mulberry32. */
  const uint32 = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return {
    add(name, op, inputs, channels, attributes = {}) {
      nodes.push({ name, op, inputs: inputs.map((input) => input.name), ...attributes });
      return { name, channels };
    },
    floats(name, shape, least, most) {
      const data = Float32Array.from(
        { length: sizeOf(shape) },
        () => least + (uint32() / 2 ** 32) * (most - least),
      );
      tensors.set(name, { dtype: 'F32', shape, data });
      return name;
    },
    constants(name, shape, data) {
      tensors.set(name, { dtype: 'F32', shape, data });
      return name;
    },
    integers(name, shape) {
      const data = Int8Array.from({ length: sizeOf(shape) }, () => (uint32() % 255) - 127);
      tensors.set(name, { dtype: 'I8', shape, data });
      return name;
    },
    bits(name, filters, elements, within) {
      const words = Math.ceil(elements / 64);
      const data = new BigUint64Array(filters * words);
      const halves = new Uint32Array(data.buffer).map(uint32);
      data.set(new BigUint64Array(halves.buffer));
      const last = (1n << BigInt(elements - (words - 1) * 64)) - 1n;
      for (let at = words - 1; at < data.length; at += words) data[at]! &= last;
      const mask = within === undefined ? undefined : (tensors.get(within)!.data as BigUint64Array);
      for (let at = 0; mask !== undefined && at < data.length; at++) data[at]! &= mask[at]!;
      tensors.set(name, { dtype: 'U64', shape: [filters, words], data });
      return name;
    },
    finish: (output, stream) => ({
      json: {
        inputs: [{ name: IMAGE.name, shape: [IMAGE.channels, size, size] }],
        nodes,
        outputs: [output.name],
        ...(stream === undefined ? {} : { stream }),
      },
      tensors,
    }),
  };
}
