/** Windows as TensorFlow pads them. */

import type { Padding, Pair } from '../../tensor.ts';
import { clip, unary } from '../elementwise.ts';
import type { Value } from '../values.ts';
import type { NodeReader } from './node.ts';

/** `tflite.Padding`. */
const PADDINGS = ['SAME', 'VALID'] as const;

interface Sizes {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  /** Number of `tflite.Padding`. */
  readonly padding: number;
}

/**
 * SAME makes as many windows as strides fit; where the border is odd, the larger part is at the
 * bottom and right.
 * @param shape `[1, height, width, channels]`
 */
export function windowOf(
  { builder }: NodeReader,
  shape: readonly number[],
  { kernel, stride, dilation, padding }: Sizes,
) {
  const rule = PADDINGS[padding];
  const sizes = [...kernel, ...stride, ...dilation];
  if (rule === undefined || !sizes.every((x) => Number.isInteger(x) && x >= 1 && x <= 1024)) {
    throw builder.unsupported(
      `kernel ${kernel.join('x')}, strides ${stride.join('x')}, dilation ${dilation.join('x')}, padding ${padding}`,
      'sizes are whole numbers from 1 to 1024, padding is SAME or VALID',
    );
  }
  if (shape.length !== 4) {
    throw builder.unsupported(
      `its input is [${shape.join(', ')}]`,
      'windows over pictures [1, height, width, channels] are known',
    );
  }
  const border = (axis: 0 | 1): [number, number] => {
    if (rule === 'VALID') return [0, 0];
    const side = shape[axis + 1]!;
    const reach = dilation[axis] * (kernel[axis] - 1) + 1;
    const total = Math.max(0, (Math.ceil(side / stride[axis]) - 1) * stride[axis] + reach - side);
    const less = Math.floor(total / 2);
    return [less, total - less];
  };
  const [vertical, horizontal] = [border(0), border(1)];
  const around: Padding = [vertical[0], horizontal[0], vertical[1], horizontal[1]];
  return { kernel, stride, dilation, padding: around };
}

/** `tflite.ActivationFunctionType`, fused into an operator. */
export function activated(node: NodeReader, value: Value, code: number): Value {
  const { builder } = node;
  switch (code) {
    case 0:
      return value;
    case 1:
      return unary(builder, 'relu', value);
    case 2:
      return clip(builder, value, -1, 1);
    case 3:
      return clip(builder, value, 0, 6);
    default:
      throw builder.unsupported(
        `its activation has the number ${code}`,
        'known are none, RELU, RELU_N1_TO_1 and RELU6',
      );
  }
}
