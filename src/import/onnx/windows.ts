/** Convolutions, matrix products, normalisation and pools of ONNX. */

import { ImportError } from '../../errors.ts';
import type { Padding, Pair } from '../../tensor.ts';
import { broadcastTo, ndArray, transposed } from '../array.ts';
import { realise, sameShape, spread } from '../builder.ts';
import * as constants from '../constant.ts';
import * as spatial from '../spatial.ts';
import type { Value } from '../values.ts';
import { constant, type NodeReader } from './node.ts';

const pairOf = (numbers: readonly number[] | undefined, fallback: number): Pair =>
  numbers === undefined ? [fallback, fallback] : [numbers[0]!, numbers[1] ?? fallback];

/** Kernel, stride, dilation and padding of a convolution or pool over `[1, C, H, W]`. */
function windowOf(node: NodeReader, kernel: Pair) {
  const stride = pairOf(node.numbers('strides'), 1);
  const dilation = pairOf(node.numbers('dilations'), 1);
  const shape = node.shape(0);
  if (shape.length !== 4) {
    throw node.builder.unsupported(
      `its input is [${shape.join(', ')}]`,
      'windows over pictures [1, channels, height, width] are known',
    );
  }
  const pads = node.numbers('pads') ?? [0, 0, 0, 0];
  const auto = node.text('auto_pad', 'NOTSET');
  const same = (axis: 0 | 1): [number, number] => {
    const side = shape[axis + 2]!;
    const reach = dilation[axis] * (kernel[axis] - 1) + 1;
    const total = Math.max(0, (Math.ceil(side / stride[axis]) - 1) * stride[axis] + reach - side);
    const less = Math.floor(total / 2);
    return auto === 'SAME_UPPER' ? [less, total - less] : [total - less, less];
  };
  let padding = (auto === 'VALID' ? [0, 0, 0, 0] : [...pads]) as number[];
  if (auto.startsWith('SAME')) {
    const [vertical, horizontal] = [same(0), same(1)];
    padding = [vertical[0], horizontal[0], vertical[1], horizontal[1]];
  }
  const whole = (values: readonly number[], least: number) =>
    values.every((x) => Number.isInteger(x) && x >= least && x <= 1024);
  if (
    padding.length !== 4 ||
    !whole(padding, 0) ||
    !whole([...kernel, ...stride, ...dilation], 1)
  ) {
    throw node.builder.unsupported(
      `kernel ${kernel.join('x')}, strides ${stride.join('x')}, pads ${padding.join(', ')}`,
      'whole numbers up to 1024, none of them negative',
    );
  }
  return { kernel, stride, dilation, padding: padding as unknown as Padding };
}

export function conv(node: NodeReader): Value {
  const weight = node.constant(1, 'its weight');
  if (weight.shape.length !== 4) {
    throw node.builder.unsupported(
      `its weight is [${weight.shape.join(', ')}]`,
      'convolutions over pictures have four dimensions',
    );
  }
  const [outChannels, , kh, kw] = weight.shape as [number, number, number, number];
  const input = node.value(0);
  return spatial.conv(node.builder, input, {
    ...windowOf(node, [kh, kw]),
    weight: Float32Array.from(weight.data),
    bias: node.has(2) ? Float32Array.from(node.constant(2, 'its bias').data) : undefined,
    outChannels,
    groups: node.number('group', 1),
  });
}

export function gemm(node: NodeReader): Value {
  const alpha = node.number('alpha', 1);
  const beta = node.number('beta', 1);
  if (node.number('transA', 0) !== 0) {
    throw node.builder.unsupported('it transposes its input', 'known is transA = 0');
  }
  const b = node.constant(1, 'its weight');
  const rows = node.number('transB', 0) === 0 ? transposed(b, [1, 0]) : b;
  const weight = alpha === 1 ? rows : constants.mapArray(rows, (x) => x * alpha);
  const bias = node.has(2)
    ? broadcastTo(node.constant(2, 'its bias'), [1, weight.shape[0]!])
    : undefined;
  const scaled = bias && Float32Array.from(bias.data, (x) => x * beta);
  return spatial.dense(node.builder, node.value(0), weight, scaled);
}

export function matMul(node: NodeReader): Value {
  const [a, b] = [node.value(0), node.value(1)];
  if (a.kind === 'constant' && b.kind === 'constant') {
    return constant(constants.multiplied(a.array, b.array));
  }
  if (node.shape(0).length !== 2 || node.shape(1).length !== 2) {
    throw node.builder.unsupported(
      `it multiplies [${node.shape(0).join(', ')}] by [${node.shape(1).join(', ')}]`,
      'known is a vector [1, channels] by a constant matrix',
    );
  }
  return spatial.dense(
    node.builder,
    a,
    transposed(node.constant(1, 'its weight'), [1, 0]),
    undefined,
  );
}

export function batchNormalization(node: NodeReader): Value {
  const vector = (at: number, what: string) => Float32Array.from(node.constant(at, what).data);
  const [gamma, beta] = [vector(1, 'its scale'), vector(2, 'its bias')];
  const [mean, variance] = [vector(3, 'its mean'), vector(4, 'its variance')];
  const map = realise(node.builder, node.value(0));
  if (map.flat !== undefined && map.layer.shape[0] !== mean.length) {
    // Per number of a flattened map: a scale and a bias, which `spread` puts in order.
    const epsilon = node.number('epsilon', 1e-5);
    const scale = gamma.map((x, at) => x / Math.sqrt(variance[at]! + epsilon));
    const bias = beta.map((x, at) => x - mean[at]! * scale[at]!);
    const first = spread(node.builder, map, ndArray('float', [1, scale.length], scale));
    const second = spread(node.builder, first.value, ndArray('float', [1, bias.length], bias));
    const full = (by: number | Float32Array) =>
      typeof by === 'number' ? new Float32Array(second.value.layer.shape[0]).fill(by) : by;
    const body = { op: 'affine', scale: full(first.by), bias: full(second.by) } as const;
    return sameShape(node.builder, body, second.value);
  }
  if ([gamma, beta, mean, variance].some((each) => each.length !== map.layer.shape[0])) {
    throw new ImportError(
      'IMPORT_SHAPE',
      `it has ${mean.length} channels, its input ${map.layer.shape[0]}`,
      node.builder.source,
    );
  }
  const body = { op: 'batch_norm', mean, variance, gamma, beta } as const;
  return sameShape(node.builder, { ...body, epsilon: node.number('epsilon', 1e-5) }, map);
}

/** `ceil_mode`: as many windows as begin inside; the border grows by what is missing. */
function withCeil(node: NodeReader, window: ReturnType<typeof windowOf>): typeof window {
  if (node.number('ceil_mode', 0) === 0) return window;
  const { kernel, stride, padding, dilation } = window;
  const shape = node.shape(0);
  const extra = (axis: 0 | 1) => {
    const reach = dilation[axis] * (kernel[axis] - 1) + 1;
    const room = shape[axis + 2]! + padding[axis]! + padding[axis + 2]! - reach;
    const steps = Math.ceil(room / stride[axis]);
    // A window that would begin in the border after the map does not count.
    const last = steps * stride[axis] >= shape[axis + 2]! + padding[axis]! ? steps - 1 : steps;
    return Math.max(0, last * stride[axis] - room);
  };
  const [top, left, bottom, right] = padding;
  return { ...window, padding: [top, left, bottom + extra(0), right + extra(1)] };
}

export function maxPool(node: NodeReader): Value {
  const input = node.value(0);
  const window = windowOf(node, pairOf(node.numbers('kernel_shape'), 1));
  return spatial.maxPool(node.builder, input, withCeil(node, window));
}

export function averagePool(node: NodeReader): Value {
  const input = node.value(0);
  const plain = windowOf(node, pairOf(node.numbers('kernel_shape'), 1));
  const window = withCeil(node, plain);
  const counts = node.number('count_include_pad', 0) === 1;
  if (counts && window !== plain && String(window.padding) !== String(plain.padding)) {
    if (plain.padding.some((side) => side > 0)) {
      throw node.builder.unsupported('ceil_mode with counted padding', 'use one of the two');
    }
    return spatial.averagePool(node.builder, input, window, false);
  }
  return spatial.averagePool(node.builder, input, window, counts);
}

export function globalAveragePool(node: NodeReader): Value {
  return spatial.mean(node.builder, node.value(0), [2, 3], true);
}
