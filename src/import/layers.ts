/**
 * What foreign models are turned into before they become a graph: a list of layers over maps
 * `[channels, height, width]` (a vector is `[C, 1, 1]`), with float weights, in topological order.
 * A convolution that reads signs, or other step functions, carries them: `src/import/emit-conv.ts` then
 * decides what is stored as bits.
 */

import type { ForeignNode } from '../errors.ts';
import type { Padding, Pair } from '../tensor.ts';
import type { Steps } from './steps.ts';

export type MapShape = readonly [channels: number, height: number, width: number];

export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
}

export interface ConvLayer extends Window {
  readonly op: 'conv';
  /** `[O, I / groups, kernelHeight, kernelWidth]`. */
  readonly weight: Float32Array;
  readonly bias: Float32Array | undefined;
  readonly outChannels: number;
  readonly groups: number;
  readonly dilation: Pair;
  /** What a tap outside counts, as a value of the input, or of `steps`. */
  readonly paddingValue: number;
  /** Is applied to the input first. */
  readonly steps: Steps | undefined;
}

export type LayerBody =
  | { readonly op: 'input' }
  | ConvLayer
  | { readonly op: 'affine'; readonly scale?: Float32Array; readonly bias?: Float32Array }
  | {
      readonly op: 'batch_norm';
      readonly mean: Float32Array;
      readonly variance: Float32Array;
      readonly gamma: Float32Array;
      readonly beta: Float32Array;
      readonly epsilon: number;
    }
  | { readonly op: 'prelu'; readonly slope: Float32Array }
  | { readonly op: 'clip'; readonly min: number; readonly max: number }
  /** Halves away from 0. */
  | { readonly op: 'round'; readonly min: number; readonly max: number }
  | { readonly op: 'steps'; readonly steps: Steps }
  | { readonly op: 'add' | 'multiply' | 'concat' }
  | ({ readonly op: 'max_pool2d'; readonly dilation: Pair } & Window)
  /** Divides by the taps inside the map. */
  | ({ readonly op: 'average_pool2d' } & Window)
  | { readonly op: 'global_average_pool' | 'channel_mean' | 'abs' | 'sigmoid' | 'softmax' }
  | {
      readonly op: 'pad';
      readonly padding: Padding;
      readonly channels: Pair;
      readonly value: number;
    }
  | {
      readonly op: 'slice';
      readonly begin: MapShape;
      readonly step: MapShape;
    }
  /** `[C, H, W]` to `[C H W, 1, 1]`, channels outermost. */
  | { readonly op: 'flatten' };

export type Layer = LayerBody & {
  readonly name: string;
  readonly inputs: readonly Layer[];
  readonly shape: MapShape;
  /** The foreign node it comes from. */
  readonly source: ForeignNode;
};

/** Layers of a foreign model, and the one that is its output. */
export interface ForeignNetwork {
  readonly kind: 'ONNX' | 'TensorFlow Lite';
  readonly producer: string;
  readonly layers: readonly Layer[];
  readonly output: Layer;
  /** Nodes of the file, and those that the output needs. */
  readonly nodes: number;
  readonly needed: number;
}
