import { type Shape, showShape, sizeOf } from '../tensor.ts';
import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { mismatch } from './shapes.ts';

/**
 * The product of two values: of one shape, or the second a factor for each channel, `[C]` or
 * `[C, 1, 1]`, or for each pixel, `[1, H, W]`.
 */
export interface MultiplyNode extends NodeBase {
  readonly op: 'multiply';
}

export const multiply: Operation<MultiplyNode> = {
  op: 'multiply',
  inputs: 2,
  attributes: [],
  parse: () => ({}),
  shape(node, inputs) {
    const [value, factor] = inputs as [Shape, Shape];
    const [channels, height = 1, width = 1] = value;
    const [by, down = 1, across = 1] = factor;
    const sameSize = down === height && across === width;
    const fits = (by === channels && (sameSize || down * across === 1)) || (by === 1 && sameSize);
    if (fits) return value;
    throw mismatch(
      node,
      `its inputs are ${inputs.map(showShape).join(' and ')}`,
      'a value times one of its shape, a factor a channel or a factor a pixel',
    );
  },
  cost: (_, shape) => ({ ...NO_COST, floatMacs: sizeOf(shape) }),
};
