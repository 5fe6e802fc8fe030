/**
 * Layers that networks share, written with weights whose sizes keep the values of a deep network in
 * range: a stream that vanishes or explodes would have signs, and so timings, unlike a trained one's.
 */

import type { GraphWriter, Value } from './writer.ts';

/** @param constants name of its tensors, where nodes share them */
export function batchNorm(
  writer: GraphWriter,
  name: string,
  input: Value,
  constants: string = name,
): Value {
  const shape = [input.channels];
  return writer.add(name, 'batch_norm', [input], input.channels, {
    // About what a PReLU makes of a standard normal, so that sums of skips do not drift.
    mean: writer.floats(`${constants}.mean`, shape, 0.2, 0.4),
    variance: writer.floats(`${constants}.variance`, shape, 0.5, 1.5),
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
  /** Height and width of the kernel; padding is half of it, so that stride 1 keeps the size. */
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
}

function windowOf({ kernel, stride = 1, groups = 1 }: ConvolutionShape) {
  const half = Math.floor(kernel / 2);
  return { stride: [stride, stride], padding: [half, half, half, half], groups };
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

/**
 * Sign `name.sign`, then the binary convolution `name.conv` with an alpha per filter.
 * @param constants name of its weights and alphas, where nodes share them
 * @param threshold of the sign, about; without, 0
 */
export function binaryConvolution(
  writer: GraphWriter,
  name: string,
  input: Value,
  shape: ConvolutionShape,
  constants: string = name,
  threshold?: number,
): Value {
  const { outChannels, kernel, groups = 1 } = shape;
  const elements = kernel * kernel * (input.channels / groups);
  const alpha = 1 / Math.sqrt(elements);
  const thresholds = (about: number) =>
    writer.floats(`${name}.threshold`, [input.channels], about - 0.1, about + 0.1);
  const signs = writer.add(
    `${name}.sign`,
    'sign',
    [input],
    input.channels,
    threshold === undefined ? {} : { threshold: thresholds(threshold) },
  );
  return writer.add(`${name}.conv`, 'binary_conv2d', [signs], outChannels, {
    weight: writer.bits(`${constants}.weight`, outChannels, elements),
    alpha: writer.floats(`${constants}.alpha`, [outChannels], 0.5 * alpha, 1.5 * alpha),
    kernel: [kernel, kernel],
    in_channels: input.channels,
    out_channels: outChannels,
    ...windowOf(shape),
  });
}

/** Halves height and width. */
export function averagePool(writer: GraphWriter, name: string, input: Value): Value {
  return writer.add(name, 'average_pool2d', [input], input.channels, {
    kernel: [2, 2],
    stride: [2, 2],
    padding: [0, 0, 0, 0],
  });
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
