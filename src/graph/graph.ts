/**
 * The graph of a network: typed operations in topological order, each producing one value. This is
 * the JSON of the model file (docs/model-format.md), checked and with its tensors attached.
 *
 * Values are float32 `[C, H, W]` or `[C]`, except those of `sign`, which are binary. Batch is 1.
 */

import type { GraphNode } from '../ops/index.ts';
import type { MapShape, Shape } from '../tensor.ts';

/**
 * Feature maps kept as int16, multiples of 2^-fraction, from where a convolution or pool makes them
 * (docs/fixed-point.md). Vectors stay float32.
 */
export interface Int16Stream {
  readonly type: 'int16';
  /** 0..15. */
  readonly fraction: number;
}

/** One input, one output, nodes in topological order. `shapes` has the shape of every value. */
export interface Graph {
  readonly input: { readonly name: string; readonly shape: MapShape };
  readonly output: string;
  readonly nodes: readonly GraphNode[];
  readonly shapes: ReadonlyMap<string, Shape>;
  /** How feature maps are kept; absent, as float32. */
  readonly stream?: Int16Stream | undefined;
}
