/** Convolutions and dense layers of floats whose weights are few-valued: BWN, BinaryConnect, TWN. */

import type { Padding } from '../tensor.ts';
import { product } from './array.ts';
import { add, affine, dilationAttribute, type Emitter, floats, tensor } from './emitter.ts';
import type { ConvLayer, Layer } from './layers.ts';
import { type Base, basesOf, packSigns } from './weights.ts';

/** Weights of +-alpha, or of -alpha, 0 and alpha. */
export interface BitWeights {
  readonly alpha: Float32Array;
  readonly signs: Int8Array;
  /** 1 where a weight is not 0, else -1; of ternary weights. */
  readonly nonzero: Int8Array | undefined;
}

/**
 * A layer's weights as bits, if it reads no signs and has such weights; one filter a channel is left as it is, since
 * there is nothing to gain, and filters of our own making are like that.
 */
export function bitWeightsOf(
  layer: Layer & ConvLayer,
  bases: readonly Base[] | undefined,
): BitWeights | undefined {
  const isDepthwise = layer.weight.length <= layer.outChannels * product(layer.kernel);
  if (layer.steps !== undefined || bases === undefined || isDepthwise) return undefined;
  const [first, second] = bases;
  if (second === undefined) {
    return { alpha: first!.alpha, signs: first!.signs, nonzero: undefined };
  }
  const isTernary =
    bases.length === 2 && first!.alpha.every((half, filter) => half === second.alpha[filter]);
  if (!isTernary) return undefined;
  const nonzero = first!.signs.map((s, at) => (s === second.signs[at] ? 1 : -1));
  return {
    alpha: first!.alpha.map((half) => 2 * half),
    signs: first!.signs.map((s, at) => (s > 0 && nonzero[at]! > 0 ? 1 : -1)),
    nonzero,
  };
}

/** Whether a layer that makes a vector has bits for weights: it reads and makes maps of one pixel. */
export function makesBitVector(layer: Layer, tolerance: number): boolean {
  if (layer.op !== 'conv' || layer.shape[1] * layer.shape[2] !== 1) return false;
  return bitWeightsOf(layer, basesOf(layer.weight, layer.outChannels, tolerance)) !== undefined;
}

/** @param input what it reads, with `padding` of 0 */
export function bitWeightConv(
  emitter: Emitter,
  layer: Layer & ConvLayer,
  weights: BitWeights,
  input: string,
  padding: Padding,
): string {
  const { name, kernel, stride, groups, outChannels, bias } = layer;
  const bits = (key: string, signs: Int8Array) =>
    tensor(emitter, `${name}.${key}`, {
      dtype: 'U64',
      shape: [outChannels, Math.ceil(signs.length / outChannels / 64)],
      data: packSigns(signs, outChannels, product(kernel)),
    });
  const { alpha, signs, nonzero } = weights;
  const made = add(
    emitter,
    bias === undefined ? name : `${name}.sum`,
    'binary_weight_conv2d',
    [input],
    {
      weight: bits('weight', signs),
      ...(nonzero === undefined ? {} : { nonzero: bits('nonzero', nonzero) }),
      alpha: floats(emitter, `${name}.alpha`, [outChannels], alpha),
      kernel,
      in_channels: layer.inputs[0]!.shape[0],
      out_channels: outChannels,
      stride,
      ...dilationAttribute(layer),
      padding,
      groups,
    },
  );
  return bias === undefined ? made : affine(emitter, name, made, outChannels, { bias });
}
