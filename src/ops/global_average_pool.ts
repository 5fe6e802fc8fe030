import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { mapOf } from './shapes.ts';

/** `[C, H, W]` -> `[C]`: the mean over the picture. */
export interface GlobalAveragePoolNode extends NodeBase {
  readonly op: 'global_average_pool';
}

export const globalAveragePool: Operation<GlobalAveragePoolNode> = {
  op: 'global_average_pool',
  inputs: 1,
  attributes: [],
  parse: () => ({}),
  shape: (node, [input]) => [mapOf(node, input!)[0]],
  cost: () => NO_COST,
};
