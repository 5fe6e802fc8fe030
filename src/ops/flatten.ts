import { sizeOf } from '../tensor.ts';
import { NO_COST, type NodeBase, type Operation } from './operation.ts';

/** `[C, H, W]` -> `[C * H * W]`, channels outermost. */
export interface FlattenNode extends NodeBase {
  readonly op: 'flatten';
}

export const flatten: Operation<FlattenNode> = {
  op: 'flatten',
  inputs: 1,
  attributes: [],
  parse: () => ({}),
  shape: (_, [input]) => [sizeOf(input!)],
  cost: () => NO_COST,
};
