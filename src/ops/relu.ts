import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { rectify } from './piecewise-linear.ts';

/** max(x, 0), and at most `max` where one is given. */
export interface ReluNode extends NodeBase {
  readonly op: 'relu';
  readonly max: number | undefined;
}

export const relu: Operation<ReluNode> = {
  op: 'relu',
  inputs: 1,
  attributes: ['max'],
  parse: (a) => ({ max: a.numberOr('max', 0, undefined) }),
  shape: (_, [input]) => input!,
  cost: () => NO_COST,
  clamp: ({ max }) => (max === undefined ? undefined : { low: 0, high: max }),
  fold: ({ max }) =>
    max === undefined ? { kinked: true, apply: (f) => rectify(f, 0) } : undefined,
};
