/**
 * Layers that networks share, written with weights whose sizes keep the values of a deep network in
 * range: a stream that vanishes or explodes would have signs, and so timings, unlike a trained one's.
 */

import type { GraphWriter, Value } from './writer.ts';

/**
 * @param scale of the values that come in, where they are not about 1
 * @param constants name of its tensors, where nodes share them
 */
export function batchNorm(
  writer: GraphWriter,
  name: string,
  input: Value,
  scale = 1,
  constants: string = name,
): Value {
  const shape = [input.channels];
  return writer.add(name, 'batch_norm', [input], input.channels, {
    // About what a PReLU makes of a standard normal, so that sums of skips do not drift.
    mean: writer.floats(`${constants}.mean`, shape, 0.2 * scale, 0.4 * scale),
    variance: writer.floats(`${constants}.variance`, shape, 0.5 * scale ** 2, 1.5 * scale ** 2),
    gamma: writer.floats(`${constants}.gamma`, shape, 0.3, 0.7),
    beta: writer.floats(`${constants}.beta`, shape, -0.2, 0.2),
    epsilon: 1e-5,
  });
}

export function prelu(writer: GraphWriter, name: string, input: Value): Value {
  const slope = writer.floats(`${name}.slope`, [input.channels], 0, 0.5);
  return writer.add(name, 'prelu', [input], input.channels, { slope });
}

export function relu(writer: GraphWriter, name: string, input: Value): Value {
  return writer.add(name, 'relu', [input], input.channels);
}

export interface ConvolutionShape {
  readonly outChannels: number;
  /** Height and width of the kernel. */
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
  /** On each side; default half the kernel, so that stride 1 keeps the size. */
  readonly padding?: number;
}

function windowOf({ kernel, stride = 1, groups = 1, padding }: ConvolutionShape) {
  const side = padding ?? Math.floor(kernel / 2);
  return { stride: [stride, stride], padding: [side, side, side, side], groups };
}

/**
 * A float convolution `name.conv` with weights uniform within sqrt(`variance` / fan-in).
 * @param variance 3 keeps the variance of what comes in, 6 that of what a ReLU has halved
 */
export function convolution(
  writer: GraphWriter,
  name: string,
  input: Value,
  shape: ConvolutionShape,
  variance: number,
): Value {
  const { outChannels, kernel, groups = 1 } = shape;
  const groupChannels = input.channels / groups;
  const bound = Math.sqrt(variance / (groupChannels * kernel * kernel));
  const weightShape = [outChannels, groupChannels, kernel, kernel];
  return writer.add(`${name}.conv`, 'conv2d', [input], outChannels, {
    weight: writer.floats(`${name}.weight`, weightShape, -bound, bound),
    ...windowOf(shape),
  });
}

/** Elements of a filter: the variance of its sums of signs. */
export function filterElements(input: Value, { kernel, groups = 1 }: ConvolutionShape): number {
  return kernel * kernel * (input.channels / groups);
}

export function sign(writer: GraphWriter, name: string, input: Value): Value {
  return writer.add(name, 'sign', [input], input.channels);
}

/**
 * Sign with a learned threshold per channel.
 * @param about what the thresholds are
 */
export function shiftedSign(writer: GraphWriter, name: string, input: Value, about = 0): Value {
  const threshold = writer.floats(`${name}.threshold`, [input.channels], about - 0.3, about + 0.3);
  return writer.add(name, 'sign', [input], input.channels, { threshold });
}

export interface BinaryShape extends ConvolutionShape {
  /** Whether filters are scaled; default true. */
  readonly alpha?: boolean;
  /** What a tap outside is; default 0. */
  readonly paddingValue?: -1 | 0 | 1;
  /** Of the numbers that it reads; default 1, signs. */
  readonly bits?: number;
  /** Name of its weights and alphas, where nodes share them. */
  readonly constants?: string;
}

/** A binary convolution `name.conv` of signs, or of levels. */
export function convolutionOfSigns(
  writer: GraphWriter,
  name: string,
  signs: Value,
  shape: BinaryShape,
): Value {
  const { outChannels, kernel, alpha = true, paddingValue, bits = 1, constants = name } = shape;
  const elements = filterElements(signs, shape);
  const scale = 1 / (Math.sqrt(elements) * (2 ** bits - 1));
  return writer.add(`${name}.conv`, 'binary_conv2d', [signs], outChannels, {
    weight: writer.bits(`${constants}.weight`, outChannels, elements),
    ...(alpha
      ? { alpha: writer.floats(`${constants}.alpha`, [outChannels], 0.5 * scale, 1.5 * scale) }
      : {}),
    kernel: [kernel, kernel],
    in_channels: signs.channels,
    out_channels: outChannels,
    ...windowOf(shape),
    ...(paddingValue === undefined ? {} : { padding_value: paddingValue }),
    ...(bits === 1 ? {} : { bits }),
  });
}

/** Sign `name.sign`, then the binary convolution `name.conv` with an alpha per filter. */
export function binaryConvolution(
  writer: GraphWriter,
  name: string,
  input: Value,
  shape: BinaryShape,
): Value {
  return convolutionOfSigns(writer, name, sign(writer, `${name}.sign`, input), shape);
}

/**
 * A convolution `name.conv` of floats with weights of one bit, or ternary ones of which half are 0.
 * @param alpha whether filters are scaled; default true
 */
export function bitWeightConvolution(
  writer: GraphWriter,
  name: string,
  input: Value,
  shape: ConvolutionShape,
  { alpha = true, ternary = false }: { alpha?: boolean; ternary?: boolean } = {},
): Value {
  const { outChannels, kernel } = shape;
  const elements = filterElements(input, shape);
  const nonzero = ternary && writer.bits(`${name}.nonzero`, outChannels, elements);
  const size = Math.sqrt((ternary ? 2 : 1) / elements);
  return writer.add(`${name}.conv`, 'binary_weight_conv2d', [input], outChannels, {
    weight: writer.bits(`${name}.weight`, outChannels, elements, nonzero || undefined),
    ...(nonzero ? { nonzero } : {}),
    ...(alpha ? { alpha: writer.floats(`${name}.alpha`, [outChannels], size, 1.5 * size) } : {}),
    kernel: [kernel, kernel],
    in_channels: input.channels,
    out_channels: outChannels,
    ...windowOf(shape),
  });
}

/** A pool of the largest of `kernel` x `kernel`. */
export function maxPool(
  writer: GraphWriter,
  name: string,
  input: Value,
  { kernel, stride, padding }: { kernel: number; stride: number; padding: number },
): Value {
  return writer.add(name, 'max_pool2d', [input], input.channels, {
    kernel: [kernel, kernel],
    stride: [stride, stride],
    padding: [padding, padding, padding, padding],
  });
}

export function sum(writer: GraphWriter, name: string, a: Value, b: Value): Value {
  return writer.add(name, 'add', [a, b], a.channels);
}

/** Halves height and width. */
export function averagePool(writer: GraphWriter, name: string, input: Value): Value {
  return writer.add(name, 'average_pool2d', [input], input.channels, {
    kernel: [2, 2],
    stride: [2, 2],
    padding: [0, 0, 0, 0],
  });
}

/** A float convolution `name.conv` whose weights are all equal and make means. */
export function constantConvolution(
  writer: GraphWriter,
  name: string,
  input: Value,
  shape: ConvolutionShape,
): Value {
  const { outChannels, kernel, groups = 1 } = shape;
  const share = 1 / filterElements(input, shape);
  const sizes = [outChannels, input.channels / groups, kernel, kernel];
  return writer.add(`${name}.conv`, 'conv2d', [input], outChannels, {
    weight: writer.floats(`${name}.weight`, sizes, share, share),
    ...windowOf(shape),
  });
}

/** A dense layer of a vector, without a bias. */
export function dense(writer: GraphWriter, name: string, input: Value, outputs: number): Value {
  const bound = Math.sqrt(3 / input.channels);
  const weight = writer.floats(`${name}.weight`, [outputs, input.channels], -bound, bound);
  return writer.add(name, 'dense', [input], outputs, { weight });
}

/** Global average pool and the dense layer `logits`, of float32 or 8 bits. */
export function head(writer: GraphWriter, input: Value, classes: number, bits: 8 | 32): Value {
  const pool = writer.add('pool', 'global_average_pool', [input], input.channels);
  const bound = Math.sqrt(3 / input.channels);
  const shape = [classes, input.channels];
  const weights =
    bits === 8
      ? {
          weight: writer.integers('head.weight', shape),
          weight_scale: writer.floats('head.scale', [classes], bound / 127, bound / 127),
        }
      : { weight: writer.floats('head.weight', shape, -bound, bound) };
  return writer.add('logits', 'dense', [pool], classes, {
    ...weights,
    bias: writer.floats('head.bias', [classes], -0.1, 0.1),
  });
}
