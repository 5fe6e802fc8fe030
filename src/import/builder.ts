/** Writes layers; both importers speak to it in the terms of n-dimensional arrays. */

import { type ForeignNode, ImportError } from '../errors.ts';
import type { Padding, Pair } from '../tensor.ts';
import { broadcastTo, type NdArray, ndArray, product, transposed, uniformValue } from './array.ts';
import type { Layer, LayerBody, MapShape } from './layers.ts';
import { mapLevels, type Steps, stepsOf } from './steps.ts';
import type { ChainValue, Link, MapValue, StepsValue, Value } from './values.ts';

export type Layout = 'nchw' | 'nhwc';

export interface Builder {
  readonly layout: Layout;
  /** In topological order. */
  readonly layers: readonly Layer[];
  /** The foreign node that is being read, for names and errors. */
  source: ForeignNode;
  layer(body: LayerBody, inputs: readonly Layer[], shape: MapShape): Layer;
  /** An error about the foreign node. */
  unsupported(message: string, hint: string): ImportError;
}

export function openBuilder(layout: Layout): Builder {
  const layers: Layer[] = [];
  const names = new Set<string>();
  const unique = (wanted: string) => {
    let name = wanted;
    for (let count = 2; names.has(name); count++) name = `${wanted}.${count}`;
    names.add(name);
    return name;
  };
  const builder: Builder = {
    layout,
    layers,
    source: { node: 'input', operation: 'input' },
    layer(body, inputs, shape) {
      const { source } = builder;
      const layer: Layer = { ...body, name: unique(source.node), inputs, shape, source };
      layers.push(layer);
      return layer;
    },
    unsupported: (message, hint) =>
      new ImportError('IMPORT_UNSUPPORTED', message, { hint, ...builder.source }),
  };
  return builder;
}

/** The error with the node it happened at. */
export function placed(error: unknown, { source }: Builder): unknown {
  if (!(error instanceof ImportError) || error.node !== undefined) return error;
  const { code, hint } = error;
  const message = hint === undefined ? error.message : error.message.slice(0, -hint.length - 3);
  return new ImportError(code, message, { ...source, ...(hint === undefined ? {} : { hint }) });
}

/** The map that a foreign shape with batch 1 is. @throws ImportError IMPORT_UNSUPPORTED */
export function mapShapeOf(builder: Builder, shape: readonly number[]): MapShape {
  const [batch, ...rest] = shape;
  if (batch === 1 && rest.length === 3) {
    const [a, b, c] = rest as [number, number, number];
    return builder.layout === 'nchw' ? [a, b, c] : [c, a, b];
  }
  if (batch === 1 && rest.length === 1) return [rest[0]!, 1, 1];
  if (shape.length === 1) return [shape[0]!, 1, 1];
  throw builder.unsupported(
    `it makes a tensor [${shape.join(', ')}]`,
    'values are pictures [1, channels, height, width] or vectors [1, channels], batch 1',
  );
}

/** The foreign shape of a map. */
export function foreignShape(builder: Builder, [c, h, w]: MapShape): number[] {
  return builder.layout === 'nchw' ? [1, c, h, w] : [1, h, w, c];
}

/** A layer over one map, which keeps its shape. */
export function sameShape(builder: Builder, body: LayerBody, input: MapValue): MapValue {
  return { ...input, layer: builder.layer(body, [input.layer], input.layer.shape) };
}

/** The value as a map: what was symbolic becomes layers. */
export function realise(builder: Builder, value: Value): MapValue {
  switch (value.kind) {
    case 'map':
      return value;
    case 'steps':
      return sameShape(builder, { op: 'steps', steps: value.steps }, value.base);
    case 'chain':
      return value.links.reduce((map, { body }) => {
        if ('min' in body) return sameShape(builder, body, map);
        const channels = map.layer.shape[0];
        const scale = new Float32Array(channels).fill(body.scale);
        const bias = new Float32Array(channels).fill(body.bias);
        if (body.scale === 1 && body.bias === 0) return map;
        return sameShape(
          builder,
          {
            op: 'affine',
            ...(body.scale === 1 ? {} : { scale }),
            ...(body.bias === 0 ? {} : { bias }),
          },
          map,
        );
      }, value.base);
    case 'padded': {
      const { layer } = realise(builder, value.inner);
      const [c, h, w] = layer.shape;
      const [top, left, bottom, right] = value.padding;
      const { padding, value: filler } = value;
      const body = { op: 'pad', padding, channels: [0, 0], value: filler } as const;
      const shape: MapShape = [c, h + top + bottom, w + left + right];
      return { kind: 'map', layer: builder.layer(body, [layer], shape), shape: value.shape };
    }
    case 'constant':
      throw builder.unsupported(
        'it reads a constant where a value of the picture belongs',
        'the result would not depend on the picture',
      );
  }
}

/** A step function of a value whose numbers are not symbolic beyond a chain. */
export function applySteps(builder: Builder, value: Value, f: (x: number) => number): StepsValue {
  if (value.kind === 'steps') return { ...value, steps: mapLevels(value.steps, f) };
  const { base, links } = chainOf(builder, value);
  const steps = stepsOf((x) => f(links.reduce((y, link) => link.f(y), x)));
  if (steps !== undefined) return { kind: 'steps', base, steps };
  throw builder.unsupported(
    'it rounds numbers of any size',
    'clip the activation first, as k-bit activations do',
  );
}

/** The value as a chain, of no links if need be. */
export function chainOf(builder: Builder, value: Value): ChainValue {
  if (value.kind === 'chain') return value;
  return { kind: 'chain', base: realise(builder, value), links: [] };
}

export function linkTo(builder: Builder, value: Value, link: Link): ChainValue | StepsValue {
  if (value.kind === 'steps') return { ...value, steps: mapLevels(value.steps, link.f) };
  const { base, links } = chainOf(builder, value);
  return { kind: 'chain', base, links: [...links, link] };
}

/** A constant over a map: one number, one a channel. */
export type Spread = number | Float32Array;

/**
 * How a constant spreads over a value, and the value: a flattened one whose constant differs within
 * a channel becomes a vector first.
 * @throws ImportError IMPORT_UNSUPPORTED for constants that differ by pixel
 */
export function spread(
  builder: Builder,
  value: MapValue,
  array: NdArray,
): { value: MapValue; by: Spread } {
  const uniform = uniformValue(array);
  if (uniform !== undefined) return { value, by: uniform };
  const planar = planarOf(builder, value, broadcastTo(array, value.shape));
  const channels = value.flat?.map[0] ?? value.layer.shape[0];
  const pixels = planar.length / channels;
  const perChannel = planar.every((x, at) => x === planar[at - (at % pixels)]);
  if (value.layer.shape[0] === planar.length) return { value, by: planar };
  if (perChannel) {
    return { value, by: Float32Array.from({ length: channels }, (_, c) => planar[c * pixels]!) };
  }
  if (value.flat !== undefined) return { value: flattened(builder, value), by: planar };
  throw builder.unsupported(
    'its constant differs from pixel to pixel',
    'constants must be one number, or one a channel',
  );
}

/** A constant of the value's foreign shape in the order of the layer: channels outermost. */
export function planarOf(builder: Builder, { flat }: MapValue, array: NdArray): Float32Array {
  const data = Float32Array.from(array.data);
  if (flat !== undefined) {
    if (flat.order === 'chw') return data;
    const [c, h, w] = flat.map;
    return Float32Array.from(transposed(ndArray('float', [h, w, c], data), [2, 0, 1]).data);
  }
  if (builder.layout === 'nchw' || array.shape.length !== 4) return data;
  return Float32Array.from(transposed(array, [0, 3, 1, 2]).data);
}

/** A flattened map as the vector it is. */
export function flattened(builder: Builder, value: MapValue): MapValue {
  const { shape } = value.layer;
  if (shape[1] * shape[2] === 1) return value;
  const layer = builder.layer({ op: 'flatten' }, [value.layer], [product(shape), 1, 1]);
  return { ...value, layer };
}

export interface WindowOptions {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly dilation?: Pair;
}

/** @throws ImportError IMPORT_SHAPE where no window fits */
export function windowShape(
  builder: Builder,
  [, height, width]: MapShape,
  channels: number,
  { kernel, stride, padding, dilation = [1, 1] }: WindowOptions,
): MapShape {
  const places = (side: number, axis: 0 | 1) => {
    const room = side + padding[axis]! + padding[axis + 2]! - dilation[axis] * (kernel[axis] - 1);
    return Math.floor((room - 1) / stride[axis]) + 1;
  };
  const shape: MapShape = [channels, places(height, 0), places(width, 1)];
  if (shape.every((side) => Number.isSafeInteger(side) && side > 0)) return shape;
  throw new ImportError(
    'IMPORT_SHAPE',
    `a window of ${kernel.join('x')} does not fit ${height}x${width} pixels`,
    builder.source,
  );
}

/** Steps of a value if it is nothing else. */
export function stepsAndBase(
  builder: Builder,
  value: Value,
): { base: MapValue; steps: Steps | undefined } {
  if (value.kind === 'steps') return value;
  return { base: realise(builder, value), steps: undefined };
}
