import { NO_COST, type NodeBase, type Operation } from './operation.ts';

/** min(max(x, -1), 1). */
export interface HardTanhNode extends NodeBase {
  readonly op: 'hard_tanh';
}

export const hardTanh: Operation<HardTanhNode> = {
  op: 'hard_tanh',
  inputs: 1,
  attributes: [],
  parse: () => ({}),
  shape: (_, [input]) => input!,
  cost: () => NO_COST,
  clamp: () => ({ low: -1, high: 1 }),
};
