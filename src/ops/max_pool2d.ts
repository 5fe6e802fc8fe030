import type { Operation } from './operation.ts';
import { type Pool2dNode, pool2d } from './pool2d.ts';

/** Padding never wins a maximum. */
export interface MaxPool2dNode extends Pool2dNode {
  readonly op: 'max_pool2d';
}

export const maxPool2d: Operation<MaxPool2dNode> = { ...pool2d, op: 'max_pool2d' };
