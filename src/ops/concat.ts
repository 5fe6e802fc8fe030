import { showShape } from '../tensor.ts';
import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { mapOf, mismatch } from './shapes.ts';

/** Concatenation along channels. */
export interface ConcatNode extends NodeBase {
  readonly op: 'concat';
}

export const concat: Operation<ConcatNode> = {
  op: 'concat',
  inputs: 'many',
  attributes: [],
  parse: () => ({}),
  shape(node, inputs) {
    const maps = inputs.map((shape) => mapOf(node, shape));
    const [, height, width] = maps[0]!;
    if (maps.some((map) => map[1] !== height || map[2] !== width)) {
      throw mismatch(
        node,
        `its inputs are ${inputs.map(showShape).join(' and ')}`,
        'heights and widths must agree',
      );
    }
    return [maps.reduce((sum, map) => sum + map[0], 0), height, width];
  },
  cost: () => NO_COST,
};
