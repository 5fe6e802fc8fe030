import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { expectChannels } from './shapes.ts';

/**
 * A number of `bits` bits, 2 to 4: q, how many of the 2^bits - 1 thresholds are below x, as the odd
 * number 2 q - (2^bits - 1). So bit p of q counts 2^p times what a sign counts, and of one bit it would
 * be one.
 */
export interface LevelsNode extends NodeBase {
  readonly op: 'levels';
  readonly bits: number;
  /** `[2^bits - 1, C]`, or `[2^bits - 1, 1]` for all channels. */
  readonly thresholds: Float32Array;
}

export const levels: Operation<LevelsNode> = {
  op: 'levels',
  inputs: 1,
  makesBits: ({ bits }) => bits,
  attributes: ['thresholds'],
  parse(a) {
    const { shape, data } = a.floats('thresholds', 2);
    const bits = [2, 3, 4].find((count) => shape[0] === 2 ** count - 1);
    if (bits !== undefined) return { bits, thresholds: data };
    throw a.invalid(`${shape[0]} thresholds`, 'there must be 3, 7 or 15');
  },
  shape(node, [input]) {
    const each = node.thresholds.length / (2 ** node.bits - 1);
    if (each !== 1) expectChannels(node, 'thresholds', each, input!);
    return input!;
  },
  cost: (node) => ({ ...NO_COST, learned: [node.thresholds] }),
};

/** Its thresholds of each channel, `[2^bits - 1][channels]`. */
export function thresholdsOfChannels(
  { bits, thresholds }: LevelsNode,
  channels: number,
): Float32Array[] {
  const count = 2 ** bits - 1;
  const each = thresholds.length / count;
  return Array.from({ length: count }, (_, level) =>
    Float32Array.from(
      { length: channels },
      (_, channel) => thresholds[level * each + (each === 1 ? 0 : channel)]!,
    ),
  );
}
