/** What every part of emitting writes to: nodes and tensors of the model file, under names of their own. */

import { ImportError } from '../errors.ts';
import type { Padding, Pair, Tensor } from '../tensor.ts';
import type { Layer } from './layers.ts';

/** What became of one convolution or dense layer. */
export interface LayerReport {
  readonly name: string;
  readonly operation: string;
  /** `bits`, or `float` and why. */
  readonly as: 'bits' | 'float';
  readonly why: string;
  /** Binary convolutions that it became: signs or levels of the input times bases of the weights. */
  readonly convolutions: number;
  readonly warning: boolean;
}

export interface EmitOptions {
  /** How far weights may be from +-alpha, relative to alpha. */
  readonly tolerance: number;
}

export interface Emitter {
  readonly nodes: Record<string, unknown>[];
  readonly tensors: Map<string, Tensor>;
  readonly reports: LayerReport[];
  readonly notes: Set<string>;
  readonly options: EmitOptions;
  /** Names of the values of layers. */
  readonly values: Map<Layer, string>;
  /** Signs and levels by what they are of. */
  readonly signs: Map<string, string>;
  /** Whether vectors are kept as maps of one pixel, since a binary layer reads one. */
  readonly asMaps: boolean;
}

export function area({ shape }: Layer): number {
  return shape[1] * shape[2];
}

export function add(
  { nodes }: Emitter,
  name: string,
  op: string,
  inputs: readonly string[],
  attributes: Record<string, unknown> = {},
): string {
  const taken = nodes.some((node) => node.name === name);
  const unique = taken ? `${name}.${nodes.length}` : name;
  nodes.push({ name: unique, op, inputs, ...attributes });
  return unique;
}

export function floats(
  emitter: Emitter,
  name: string,
  shape: number[],
  data: Float32Array,
): string {
  const bad = data.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    throw new ImportError('IMPORT_DATA', `The constant ${name} has ${data[bad]} at index ${bad}`, {
      hint: 'every number of a model must be finite',
    });
  }
  return tensor(emitter, name, { dtype: 'F32', shape, data });
}

export function tensor({ tensors }: Emitter, name: string, value: Tensor): string {
  const unique = tensors.has(name) ? `${name}.${tensors.size}` : name;
  tensors.set(unique, value);
  return unique;
}

export function affine(
  emitter: Emitter,
  name: string,
  input: string,
  channels: number,
  { scale, bias }: { scale?: Float32Array | number; bias?: Float32Array | number },
): string {
  const vector = (key: string, by: Float32Array | number) =>
    floats(
      emitter,
      `${name}.${key}`,
      [channels],
      typeof by === 'number' ? new Float32Array(channels).fill(by) : by,
    );
  return add(emitter, name, 'affine', [input], {
    ...(scale === undefined ? {} : { scale: vector('scale', scale) }),
    ...(bias === undefined ? {} : { bias: vector('bias', bias) }),
  });
}

/** A float convolution of our own making, or one of the model without signs before it. */
export function plainConv(
  emitter: Emitter,
  name: string,
  input: string,
  shape: [number, number, number, number],
  weight: Float32Array,
  window: {
    stride?: Pair;
    padding?: Padding;
    groups?: number;
    bias?: Float32Array | undefined;
    dilation?: Pair;
  },
): string {
  const { stride = [1, 1], padding = [0, 0, 0, 0], groups = 1, bias, dilation = [1, 1] } = window;
  return add(emitter, name, 'conv2d', [input], {
    weight: floats(emitter, `${name}.weight`, shape, weight),
    ...(bias === undefined ? {} : { bias: floats(emitter, `${name}.bias`, [shape[0]], bias) }),
    stride,
    ...dilationAttribute({ dilation }),
    padding,
    groups,
  });
}

/** Left out where it is 1, as of most convolutions. */
export function dilationAttribute({ dilation }: { dilation: Pair }): { dilation?: Pair } {
  return dilation.every((step) => step === 1) ? {} : { dilation };
}
