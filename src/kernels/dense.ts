/** Dense layers: assembly/dense.ts. */

import type { DenseNode } from '../ops/dense.ts';
import type { Family } from './family.ts';

export const dense: Family<'dense'> = {
  name: 'dense',
  accepts: () => true,
  reads: 'planar',
  writes: 'planar',
  emit({ stage, calls, inputs }) {
    const node = stage.source;
    const { weights, scales, biases } = packDense(node);
    const blocks = denseBlocks(node);
    const out = calls.buffer(blocks * 64);
    calls.call({
      value: stage.value,
      kernel: weights instanceof Int8Array ? 'denseInt8' : 'dense',
      work: blocks,
      arguments: {
        input: inputs[0]!.buffer,
        weights: calls.constant(weights),
        scales: calls.constant(scales),
        biases: calls.constant(biases),
        out,
        inChannels: node.inChannels,
      },
      writes: ['out'],
    });
    return { value: out };
  },
};

/** Blocks of 16 outputs of a dense layer. */
export function denseBlocks(node: DenseNode): number {
  return Math.ceil(node.outChannels / 16);
}

/** Weights `[block][inChannels][16]`, scales and biases `[blocks * 16]`; past the end all is 0. */
export function packDense(node: DenseNode): {
  weights: Float32Array | Int8Array;
  scales: Float32Array;
  biases: Float32Array;
} {
  const { inChannels, outChannels, weight } = node;
  const padded = denseBlocks(node) * 16;
  const size = inChannels * padded;
  const weights = weight instanceof Int8Array ? new Int8Array(size) : new Float32Array(size);
  const scales = new Float32Array(padded).fill(1);
  if (node.weightScale !== undefined) scales.set(node.weightScale);
  const biases = new Float32Array(padded);
  if (node.bias !== undefined) biases.set(node.bias);
  for (let output = 0; output < outChannels; output++) {
    const lane = (output >> 4) * inChannels * 16 + (output & 15);
    spread(weight, output * inChannels, inChannels, weights, lane);
  }
  return { weights, scales, biases };
}

/** A row to every 16th number. */
function spread(
  from: Float32Array | Int8Array,
  begin: number,
  length: number,
  to: Float32Array | Int8Array,
  first: number,
): void {
  for (let index = 0; index < length; index++) to[first + index * 16] = from[begin + index]!;
}
