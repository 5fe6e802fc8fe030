import type { Shape } from '../tensor.ts';
import type { Operation } from './operation.ts';
import { type Pool2dNode, pool2d } from './pool2d.ts';
import { dilationOf, isDilated, mismatch } from './shapes.ts';

/** Padding never wins a maximum. */
export interface MaxPool2dNode extends Pool2dNode {
  readonly op: 'max_pool2d';
}

export const maxPool2d: Operation<MaxPool2dNode> = {
  ...pool2d,
  op: 'max_pool2d',
  attributes: [...pool2d.attributes, 'dilation'],
  parse: (a) => ({ ...pool2d.parse(a), dilation: a.pairOrNone('dilation') }),
  shape(node, inputs) {
    const shape = pool2d.shape(node, inputs);
    if (isDilated(node)) expectTaps(node, inputs[0]!, shape);
    return shape;
  },
};

/** Taps that are apart may all be outside a small map: such a window would have no maximum. */
function expectTaps(node: MaxPool2dNode, input: Shape, output: Shape): void {
  for (const axis of [0, 1] as const) {
    const [side, places] = [input[axis + 1]!, output[axis + 1]!];
    const [size, step, stride] = [node.kernel[axis], dilationOf(node)[axis], node.stride[axis]];
    const before = node.padding[axis];
    const isEmpty = (place: number) => {
      const taps = Array.from({ length: size }, (_, tap) => place * stride + tap * step - before);
      return taps.every((at) => at < 0 || at >= side);
    };
    // Only a window that begins outside, or ends there, can be empty.
    const reach = Math.ceil((before + size * step) / stride);
    const ends = Array.from({ length: Math.min(places, reach) }, (_, at) => at);
    if (ends.some((at) => isEmpty(at) || isEmpty(places - 1 - at))) {
      throw mismatch(node, 'a window has no tap inside the map', 'a smaller dilation or padding');
    }
  }
}
