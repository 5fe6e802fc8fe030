/** What moves numbers or limits them, by convolutions that pick taps and by relus. */

import type { Padding, Pair } from '../tensor.ts';
import { product } from './array.ts';
import { add, affine, type Emitter, plainConv } from './emitter.ts';
import type { Layer } from './layers.ts';

/** With relu alone: x between limits is what is above the lower one, and at most so much. */
export function emitClip(emitter: Emitter, layer: Layer & { op: 'clip' }, input: string): string {
  const { name, min, max } = layer;
  const [channels] = layer.shape;
  if (min === -1 && max === 1) return add(emitter, name, 'hard_tanh', [input]);
  if (min === Number.NEGATIVE_INFINITY) {
    if (max === Number.POSITIVE_INFINITY) return input;
    const below = affine(emitter, `${name}.below`, input, channels, { scale: -1, bias: max });
    const kept = add(emitter, `${name}.relu`, 'relu', [below]);
    return affine(emitter, name, kept, channels, { scale: -1, bias: max });
  }
  const limit = max === Number.POSITIVE_INFINITY ? {} : { max: max - min };
  if (min === 0) return add(emitter, name, 'relu', [input], limit);
  const above = affine(emitter, `${name}.above`, input, channels, { bias: -min });
  const kept = add(emitter, `${name}.relu`, 'relu', [above], limit);
  return affine(emitter, name, kept, channels, { bias: min });
}

/** A border of zeros, by a convolution that changes nothing else; of another value, around it. */
export function padded(
  emitter: Emitter,
  name: string,
  input: string,
  channels: number,
  padding: Padding,
  value: number,
): string {
  const shifted =
    value === 0 ? input : affine(emitter, `${name}.shift`, input, channels, { bias: -value });
  const weight = new Float32Array(channels).fill(1);
  const bias = value === 0 ? undefined : new Float32Array(channels).fill(value);
  return plainConv(emitter, name, shifted, [channels, 1, 1, 1], weight, {
    padding,
    groups: channels,
    bias,
  });
}

export function emitPad(emitter: Emitter, layer: Layer & { op: 'pad' }, input: string): string {
  const { name, padding, value, channels } = layer;
  const from = layer.inputs[0]!.shape[0];
  if (channels[0] + channels[1] === 0) return padded(emitter, name, input, from, padding, value);
  const to = layer.shape[0];
  const weight = new Float32Array(to * from);
  for (let c = 0; c < from; c++) weight[(channels[0] + c) * from + c] = 1;
  const isNew = (c: number) => c < channels[0] || c >= channels[0] + from;
  const bias = Float32Array.from({ length: to }, (_, c) => (isNew(c) ? value : 0));
  return plainConv(emitter, name, input, [to, from, 1, 1], weight, { bias });
}

/** By a convolution that picks one tap. */
export function emitSlice(emitter: Emitter, layer: Layer & { op: 'slice' }, input: string): string {
  const { name, begin, step, shape } = layer;
  const [from, height, width] = layer.inputs[0]!.shape;
  const last = (axis: 1 | 2) => begin[axis] + (shape[axis] - 1) * step[axis];
  const kernel: Pair = [height - last(1) + begin[1], width - last(2) + begin[2]];
  const weight = new Float32Array(shape[0] * from * product(kernel));
  for (let c = 0; c < shape[0]; c++) {
    const channel = begin[0] + c * step[0];
    weight[((c * from + channel) * kernel[0] + begin[1]) * kernel[1] + begin[2]] = 1;
  }
  return plainConv(emitter, name, input, [shape[0], from, ...kernel], weight, {
    stride: [step[1], step[2]],
  });
}

export function emitFlatten(emitter: Emitter, layer: Layer, input: string): string {
  if (!emitter.asMaps) return add(emitter, layer.name, 'flatten', [input]);
  const [channels, height, width] = layer.inputs[0]!.shape;
  const size = channels * height * width;
  const weight = new Float32Array(size * size);
  for (let at = 0; at < size; at++) weight[at * size + at] = 1;
  return plainConv(emitter, layer.name, input, [size, channels, height, width], weight, {});
}
