import { NO_COST, type NodeBase, type Operation } from './operation.ts';

/** 1 / (1 + exp(-x)). */
export interface SigmoidNode extends NodeBase {
  readonly op: 'sigmoid';
}

export const sigmoid: Operation<SigmoidNode> = {
  op: 'sigmoid',
  inputs: 1,
  attributes: [],
  parse: () => ({}),
  shape: (_, [input]) => input!,
  cost: () => NO_COST,
};
