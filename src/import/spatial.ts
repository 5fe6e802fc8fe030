/** Convolutions, pools and changes of shape of foreign models. */

import { ImportError } from '../errors.ts';
import type { Padding, Pair } from '../tensor.ts';
import { integersOf, type NdArray, ndArray, normalAxis, product, transposed } from './array.ts';
import {
  type Builder,
  flattened,
  foreignShape,
  mapShapeOf,
  planarOf,
  realise,
  sameShape,
  stepsAndBase,
  type WindowOptions,
  windowShape,
} from './builder.ts';
import { type Range, resolveRange } from './constant.ts';
import type { Layer, MapShape } from './layers.ts';
import { isNonDecreasing } from './steps.ts';
import { type MapValue, shapeOf, type Value } from './values.ts';

export interface ConvOptions extends WindowOptions {
  /** `[O, I / groups, kernelHeight, kernelWidth]`. */
  readonly weight: Float32Array;
  readonly bias: Float32Array | undefined;
  readonly outChannels: number;
  readonly groups: number;
  readonly paddingValue?: number;
}

/** A map as the foreign model has it, of a layer. */
function asMap(builder: Builder, layer: Layer): MapValue {
  return { kind: 'map', layer, shape: foreignShape(builder, layer.shape) };
}

export function conv(builder: Builder, input: Value, options: ConvOptions): MapValue {
  const { value, padding, paddingValue } = takePadding(builder, input, options);
  const { base, steps } = stepsAndBase(builder, value);
  const layer = base.flat === undefined ? base.layer : flattened(builder, base).layer;
  const { weight, groups, outChannels, kernel } = options;
  const wanted = (weight.length / (outChannels * product(kernel))) * groups;
  if (layer.shape[0] !== wanted || wanted % groups !== 0 || outChannels % groups !== 0) {
    throw new ImportError(
      'IMPORT_SHAPE',
      `its weights are for ${wanted} channels in ${groups} groups, its input has ${layer.shape[0]}`,
      builder.source,
    );
  }
  const { bias, stride } = options;
  const dilation = kernel.map((size, axis) =>
    size === 1 ? 1 : (options.dilation?.[axis] ?? 1),
  ) as unknown as Pair;
  const window = { kernel, stride, padding, dilation };
  const shape = windowShape(builder, layer.shape, outChannels, window);
  const body = {
    op: 'conv',
    weight,
    bias,
    outChannels,
    groups,
    paddingValue,
    steps,
    ...window,
  } as const;
  return asMap(builder, builder.layer(body, [layer], shape));
}

/** Takes a border over into the convolution's padding, where both have one value. */
function takePadding(
  builder: Builder,
  value: Value,
  { padding, paddingValue = 0 }: Pick<ConvOptions, 'padding' | 'paddingValue'>,
): { value: Value; padding: Padding; paddingValue: number } {
  if (value.kind !== 'padded') return { value, padding, paddingValue };
  const own = padding.some((side) => side > 0);
  if (own && paddingValue !== value.value) {
    return { value: realise(builder, value), padding, paddingValue };
  }
  if (value.inner.kind === 'map' && value.value !== 0) {
    return { value: realise(builder, value), padding, paddingValue };
  }
  const sum = padding.map((side, at) => side + value.padding[at]!) as unknown as Padding;
  return { value: value.inner, padding: sum, paddingValue: value.value };
}

/** Fully connected; a flattened map is read as it lies, by a kernel of its size. */
export function dense(
  builder: Builder,
  input: Value,
  weight: NdArray,
  bias: Float32Array | undefined,
): MapValue {
  const { base, steps } = stepsAndBase(builder, input);
  const [outputs, inputs] = weight.shape as [number, number];
  const { shape } = base.layer;
  if (product(shape) !== inputs || (base.flat === undefined && shape[1] * shape[2] !== 1)) {
    throw new ImportError(
      'IMPORT_SHAPE',
      `its weights are for ${inputs} numbers, its input is [${base.shape.join(', ')}]`,
      builder.source,
    );
  }
  const rows = new Float32Array(weight.data.length);
  for (let output = 0; output < outputs; output++) {
    const row = ndArray(
      'float',
      [1, inputs],
      Float32Array.from(weight.data.subarray(output * inputs, (output + 1) * inputs)),
    );
    rows.set(planarOf(builder, base, row), output * inputs);
  }
  const body = {
    op: 'conv',
    weight: rows,
    bias,
    outChannels: outputs,
    groups: 1,
    kernel: [shape[1], shape[2]],
    stride: [1, 1],
    dilation: [1, 1],
    padding: [0, 0, 0, 0],
    paddingValue: 0,
    steps,
  } as const;
  const layer = builder.layer(body, [base.layer], [outputs, 1, 1]);
  return { kind: 'map', layer, shape: [1, outputs] };
}

export function maxPool(builder: Builder, input: Value, options: WindowOptions): Value {
  // The largest of signs is the sign of the largest.
  if (input.kind === 'steps' && isNonDecreasing(input.steps)) {
    const base = maxPool(builder, input.base, options);
    if (base.kind === 'map') return { ...input, base };
  }
  const unpadded = input.kind === 'padded' && input.value === Number.NEGATIVE_INFINITY;
  const value = unpadded ? input.inner : input;
  const padding = unpadded
    ? (options.padding.map((side, at) => side + input.padding[at]!) as unknown as Padding)
    : options.padding;
  return pool(builder, 'max_pool2d', realise(builder, value), { ...options, padding });
}

/** @param countPadding whether the border counts as zeros */
export function averagePool(
  builder: Builder,
  input: Value,
  options: WindowOptions,
  countPadding: boolean,
): MapValue {
  const map = realise(builder, input);
  const { padding } = options;
  if (!countPadding || padding.every((side) => side === 0)) {
    return pool(builder, 'average_pool2d', map, options);
  }
  const bordered = pad(builder, map, padding, 0);
  return pool(builder, 'average_pool2d', realise(builder, bordered), {
    ...options,
    padding: [0, 0, 0, 0],
  });
}

function pool(
  builder: Builder,
  op: 'max_pool2d' | 'average_pool2d',
  map: MapValue,
  { kernel, stride, padding, dilation: wanted = [1, 1] }: WindowOptions,
): MapValue {
  const dilation: Pair = [kernel[0] === 1 ? 1 : wanted[0], kernel[1] === 1 ? 1 : wanted[1]];
  const isDilated = dilation.some((step) => step !== 1);
  if (isDilated && op === 'average_pool2d') {
    throw builder.unsupported(
      `it is an average pool with dilation ${dilation.join('x')}`,
      'maximum pools may be dilated; a convolution with equal weights averages apart',
    );
  }
  const [channels, height, width] = map.layer.shape;
  const window = { kernel, stride, padding, dilation };
  const shape = windowShape(builder, map.layer.shape, channels, window);
  const whole = kernel[0] === height && kernel[1] === width && padding.every((side) => side === 0);
  const body =
    op === 'average_pool2d' && whole
      ? ({ op: 'global_average_pool' } as const)
      : op === 'max_pool2d'
        ? ({ op, ...window } as const)
        : ({ op, kernel, stride, padding } as const);
  return asMap(builder, builder.layer(body, [map.layer], shape));
}

export function pad(builder: Builder, input: Value, padding: Padding, value: number): Value {
  if (padding.every((side) => side === 0)) return input;
  const inner = input.kind === 'steps' ? input : realise(builder, input);
  const [c, h, w] = (inner.kind === 'steps' ? inner.base : inner).layer.shape;
  const [top, left, bottom, right] = padding;
  const shape = foreignShape(builder, [c, h + top + bottom, w + left + right]);
  return { kind: 'padded', inner, padding, value, shape };
}

/** More channels, of one value, before and after. */
export function padChannels(
  builder: Builder,
  input: Value,
  channels: Pair,
  value: number,
): MapValue {
  const { layer } = realise(builder, input);
  const [c, h, w] = layer.shape;
  const body = { op: 'pad', padding: [0, 0, 0, 0], channels, value } as const;
  return asMap(builder, builder.layer(body, [layer], [c + channels[0] + channels[1], h, w]));
}

/** Along channels. */
export function concat(builder: Builder, inputs: readonly Value[], axis: number): Value {
  const rank = shapeOf(inputs[0]!).length;
  const channelAxis = builder.layout === 'nchw' || rank !== 4 ? 1 : 3;
  if (normalAxis(axis, rank) !== channelAxis) {
    throw builder.unsupported(`it joins along axis ${axis}`, 'channels can be joined');
  }
  const first = inputs[0]!;
  if (
    first.kind === 'steps' &&
    inputs.every(
      (each) =>
        each.kind === 'steps' &&
        String(each.steps.breaks) === String(first.steps.breaks) &&
        String(each.steps.levels) === String(first.steps.levels),
    )
  ) {
    const bases = inputs.map((each) => (each as typeof first).base);
    return { ...first, base: concat(builder, bases, axis) as MapValue };
  }
  const maps = inputs.map((each) => realise(builder, each));
  if (maps.some((map) => map.flat !== undefined && map.layer.shape[1] * map.layer.shape[2] !== 1)) {
    throw builder.unsupported('it joins flattened maps', 'join before flattening');
  }
  const [, h, w] = maps[0]!.layer.shape;
  if (maps.some(({ layer }) => layer.shape[1] !== h || layer.shape[2] !== w)) {
    throw new ImportError('IMPORT_SHAPE', 'its inputs differ in size', builder.source);
  }
  const channels = maps.reduce((sum, { layer }) => sum + layer.shape[0], 0);
  const layers = maps.map(({ layer }) => layer);
  const layer = builder.layer({ op: 'concat' }, layers, [channels, h, w]);
  const shape = rank === 4 ? foreignShape(builder, layer.shape) : [1, channels];
  return { kind: 'map', layer, shape };
}

/** Some channels, rows and columns. */
export function slice(builder: Builder, input: Value, ranges: readonly Range[]): Value {
  if (input.kind === 'steps') {
    return { ...input, base: slice(builder, input.base, ranges) as MapValue };
  }
  const map = realise(builder, input);
  const begin = [0, 0, 0];
  const step = [1, 1, 1];
  const shape = [...map.layer.shape] as number[];
  for (const range of ranges) {
    const axis = normalAxis(range.axis, map.shape.length);
    const { first, step: by, count } = resolveRange(range, map.shape[axis]!);
    if (axis === 0 && first === 0 && count === 1) continue;
    const to = map.shape.length !== 4 || builder.layout === 'nchw' ? axis - 1 : axis % 3;
    if (axis === 0 || by < 1 || count < 1) {
      throw builder.unsupported('it slices backwards, or the batch', 'forward slices are known');
    }
    begin[to] = first;
    step[to] = by;
    shape[to] = count;
  }
  if (String(shape) === String(map.layer.shape)) return map;
  const body = {
    op: 'slice',
    begin: begin as unknown as MapShape,
    step: step as unknown as MapShape,
  } as const;
  const layer = builder.layer(body, [map.layer], shape as unknown as MapShape);
  return {
    kind: 'map',
    layer,
    shape: map.shape.length === 4 ? foreignShape(builder, layer.shape) : [1, shape[0]!],
  };
}

/** Flattening, and changes that move nothing. */
export function reshape(builder: Builder, input: Value, shape: readonly number[]): Value {
  if (input.kind === 'steps' || input.kind === 'chain') {
    return { ...input, base: reshape(builder, input.base, shape) as MapValue };
  }
  const map = realise(builder, input);
  if (String(shape) === String(map.shape)) return map;
  const { flat, layer } = map;
  const order = builder.layout === 'nchw' ? 'chw' : 'hwc';
  if (flat === undefined) {
    if (shape.length === 2 && shape[0] === 1) {
      return { kind: 'map', layer, shape, flat: { order, map: layer.shape } };
    }
    if (layer.shape[1] * layer.shape[2] === 1) {
      const isSqueezed = String(shape) === String([1, layer.shape[0], 1]);
      return { kind: 'map', layer, shape: isSqueezed ? shape : mapped(shape) };
    }
  } else if (flat.order === order && String(mapShapeOf(builder, shape)) === String(flat.map)) {
    if (layer.op !== 'flatten') return { kind: 'map', layer, shape };
  } else if (String(mapShapeOf(builder, shape)) === String([product(flat.map), 1, 1])) {
    if (flat.order === 'chw' || product(flat.map) === flat.map[0]) {
      return { kind: 'map', layer: flattened(builder, map).layer, shape };
    }
  }
  throw builder.unsupported(
    `it makes [${shape.join(', ')}] of [${map.shape.join(', ')}]`,
    'a map can be flattened to [1, channels * height * width], nothing else',
  );
  function mapped(wanted: readonly number[]): readonly number[] {
    mapShapeOf(builder, wanted);
    return wanted;
  }
}

/** The mean of each channel, or over the channels. */
export function mean(
  builder: Builder,
  input: Value,
  axes: NdArray | readonly number[],
  keep: boolean,
): MapValue {
  const map = realise(builder, input);
  const rank = map.shape.length;
  const over = (Array.isArray(axes) ? axes : integersOf(axes as NdArray)).map((axis: number) =>
    normalAxis(axis, rank),
  );
  const sorted = String([...over].sort());
  const [spatial, channel] = builder.layout === 'nchw' ? ['2,3', '1'] : ['1,2', '3'];
  const [c, h, w] = map.layer.shape;
  if (rank === 4 && sorted === spatial) {
    const layer = builder.layer({ op: 'global_average_pool' }, [map.layer], [c, 1, 1]);
    return { kind: 'map', layer, shape: keep ? foreignShape(builder, [c, 1, 1]) : [1, c] };
  }
  // One axis after the other: the first leaves [1, channels, side].
  const isSide = builder.layout === 'nchw' && over.length === 1 && over[0]! >= 2;
  if (isSide && (rank === 4 || rank === 3)) {
    const kernel: Pair = rank === 3 ? [h, w] : over[0] === 3 ? [1, w] : [h, 1];
    const window = { kernel, stride: [1, 1], padding: [0, 0, 0, 0] } as const;
    const shape = map.shape.map((side, axis) => (axis === over[0] ? 1 : side));
    return {
      ...pool(builder, 'average_pool2d', map, window),
      shape: keep ? shape : shape.filter((_, axis) => axis !== over[0]),
    };
  }
  if (rank === 4 && sorted === channel && keep) {
    return asMap(builder, builder.layer({ op: 'channel_mean' }, [map.layer], [1, h, w]));
  }
  throw builder.unsupported(
    `it takes the mean over the axes ${over.join(', ')}`,
    'known are the mean of each channel and, with keepdims, the mean over the channels',
  );
}

/** @param slope one number, or one a channel */
export function prelu(builder: Builder, input: Value, slope: Float32Array): MapValue {
  const map = realise(builder, input);
  const channels = map.layer.shape[0];
  if (slope.length !== 1 && slope.length !== channels) {
    throw builder.unsupported(
      `it has ${slope.length} slopes for ${channels} channels`,
      'one, or one a channel',
    );
  }
  return sameShape(builder, { op: 'prelu', slope }, map);
}

/** A permutation that moves nothing, or a constant's. */
export function transpose(builder: Builder, input: Value, permutation: readonly number[]): Value {
  if (input.kind === 'constant') {
    return { kind: 'constant', array: transposed(input.array, permutation) };
  }
  const shape = shapeOf(input);
  const moving = permutation.filter((axis) => shape[axis] !== 1);
  if (moving.every((axis, at) => at === 0 || axis > moving[at - 1]!)) {
    return reshape(
      builder,
      input,
      permutation.map((axis) => shape[axis]!),
    );
  }
  throw builder.unsupported(
    `it moves the axes of a map to ${permutation.join(', ')}`,
    'export the model with channels first throughout',
  );
}
