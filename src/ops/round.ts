import { NO_COST, type NodeBase, type Operation } from './operation.ts';

/**
 * The nearest whole number, halves away from 0, no less than `min` and no more than `max`: what stores a
 * value in 8 bits.
 */
export interface RoundNode extends NodeBase {
  readonly op: 'round';
  readonly min: number;
  readonly max: number;
}

export const round: Operation<RoundNode> = {
  op: 'round',
  inputs: 1,
  attributes: ['min', 'max'],
  parse(a) {
    const min = a.number('min', -FARTHEST);
    const max = a.number('max', -FARTHEST);
    if (min <= max && max <= FARTHEST && Number.isInteger(min) && Number.isInteger(max)) {
      return { min, max };
    }
    throw a.invalid(
      `min is ${min}, max is ${max}`,
      `they must be whole numbers in this order, at most ${FARTHEST} from 0`,
    );
  },
  shape: (_, [input]) => input!,
  cost: () => NO_COST,
};

/** Up to here float32 has every whole number. */
const FARTHEST = 2 ** 24;
