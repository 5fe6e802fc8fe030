import type { Operation } from './operation.ts';
import { type Pool2dNode, pool2d } from './pool2d.ts';

/** The average divides by the number of taps inside the picture. */
export interface AveragePool2dNode extends Pool2dNode {
  readonly op: 'average_pool2d';
}

export const averagePool2d: Operation<AveragePool2dNode> = { ...pool2d, op: 'average_pool2d' };
