/**
 * Values of a foreign model while it is read. Maps are layers; what is merely arithmetic on the way
 * to a sign stays symbolic, so that nothing is left of it once the sign is recognised.
 */

import type { Padding } from '../tensor.ts';
import type { NdArray } from './array.ts';
import type { Layer } from './layers.ts';
import type { Steps } from './steps.ts';

/** The order of a map's numbers once it is flattened: channels outermost, or innermost. */
export type FlatOrder = 'chw' | 'hwc';

export interface MapValue {
  readonly kind: 'map';
  readonly layer: Layer;
  /** As the foreign model has it, batch first. */
  readonly shape: readonly number[];
  /** The foreign model has flattened it; the layer still has the map's shape, or is `flatten`. */
  readonly flat?: { readonly order: FlatOrder; readonly map: readonly [number, number, number] };
}

/** A step function of every number of a map. */
export interface StepsValue {
  readonly kind: 'steps';
  readonly base: MapValue;
  readonly steps: Steps;
}

/** One monotone function of a number, in float32. */
export interface Link {
  readonly f: (x: number) => number;
  /** x scale + bias, or limits, or whole numbers between limits. */
  readonly body:
    | { readonly scale: number; readonly bias: number }
    | { readonly op: 'clip' | 'round'; readonly min: number; readonly max: number };
}

/** Monotone functions of every number of a map, one after the other, not yet layers. */
export interface ChainValue {
  readonly kind: 'chain';
  readonly base: MapValue;
  readonly links: readonly Link[];
}

/** A map with a border of one value, which a convolution takes over. */
export interface PaddedValue {
  readonly kind: 'padded';
  readonly inner: MapValue | StepsValue;
  readonly padding: Padding;
  readonly value: number;
  readonly shape: readonly number[];
}

export interface ConstantValue {
  readonly kind: 'constant';
  readonly array: NdArray;
}

export type Value = MapValue | StepsValue | ChainValue | PaddedValue | ConstantValue;

/** Its shape in the foreign model. */
export function shapeOf(value: Value): readonly number[] {
  switch (value.kind) {
    case 'map':
    case 'padded':
      return value.shape;
    case 'steps':
    case 'chain':
      return value.base.shape;
    case 'constant':
      return value.array.shape;
  }
}
