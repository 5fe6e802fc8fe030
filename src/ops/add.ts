import { showShape } from '../tensor.ts';
import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { linear } from './piecewise-linear.ts';
import { mismatch, sameShape } from './shapes.ts';

/** The sum of two values of one shape. */
export interface AddNode extends NodeBase {
  readonly op: 'add';
}

export const add: Operation<AddNode> = {
  op: 'add',
  inputs: 2,
  attributes: [],
  parse: () => ({}),
  shape(node, inputs) {
    const [first, second] = inputs as [(typeof inputs)[0], (typeof inputs)[0]];
    if (sameShape(first, second)) return first;
    throw mismatch(
      node,
      `its inputs are ${inputs.map(showShape).join(' and ')}`,
      'both must have one shape',
    );
  },
  cost: () => NO_COST,
  // Its first input as it is; the second is the skip of the stage.
  start: () => () => linear(1),
};
