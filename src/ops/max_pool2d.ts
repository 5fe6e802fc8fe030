import { showShape } from '../tensor.ts';
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
    const [input] = inputs;
    // Taps farther apart than the map is wide could all be in its border.
    if (isDilated(node) && dilationOf(node).some((step, axis) => step > input![axis + 1]!)) {
      throw mismatch(node, `its input is ${showShape(input!)}`, 'dilation is at most its sides');
    }
    return pool2d.shape(node, inputs);
  },
};
