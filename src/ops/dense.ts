import { showShape } from '../tensor.ts';
import { vectorOrNone } from './attributes.ts';
import { NO_COST, type NodeBase, type Operation } from './operation.ts';
import { expectChannels, mismatch } from './shapes.ts';

/** Fully connected; 8-bit weights are scaled back by `weightScale`, one factor per output. */
export interface DenseNode extends NodeBase {
  readonly op: 'dense';
  /** `[O, I]`. */
  readonly weight: Float32Array | Int8Array;
  readonly weightScale: Float32Array | undefined;
  readonly bias: Float32Array | undefined;
  readonly inChannels: number;
  readonly outChannels: number;
}

export const dense: Operation<DenseNode> = {
  op: 'dense',
  inputs: 1,
  attributes: ['weight', 'weight_scale', 'bias'],
  parse(a) {
    const weight = a.tensor('weight', ['F32', 'I8'], 2);
    const [outChannels, inChannels] = weight.shape as [number, number];
    if (weight.data.length === 0) throw a.invalid('its weight is empty', 'no dimension may be 0');
    const weightScale = vectorOrNone(a, 'weight_scale', outChannels);
    if (weight.dtype === 'F32') {
      a.floats('weight', 2);
      if (weightScale !== undefined) {
        throw a.invalid('weight_scale beside float weights', 'it belongs to I8 weights only');
      }
    } else if (weightScale === undefined) {
      throw a.invalid('I8 weights without weight_scale', 'give a factor for each output');
    }
    const bias = vectorOrNone(a, 'bias', outChannels);
    return { weight: weight.data, weightScale, bias, inChannels, outChannels };
  },
  shape(node, [input]) {
    if (input!.length !== 1) {
      throw mismatch(
        node,
        `its input is a map ${showShape(input!)}`,
        'put global_average_pool or flatten before it',
      );
    }
    expectChannels(node, 'weight', node.inChannels, input!);
    return [node.outChannels];
  },
  cost: (node) => ({
    ...NO_COST,
    floatMacs: node.inChannels * node.outChannels,
    learned: [node.weight, node.bias],
    derived: [node.weightScale],
  }),
};
