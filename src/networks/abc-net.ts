import { batchNorm, convolutionOfSigns, shiftedSign, sum } from './layers.ts';
import { checkOption, type NetworkOptions } from './options.ts';
import { type Block, resNet18, shortcut } from './resnet18.ts';
import type { GraphDefinition, GraphWriter, Value } from './writer.ts';

export interface AbcNetOptions extends NetworkOptions {
  /** Binary bases of the weights (M) and of the activations (N), 1 to 5 each; default 1. */
  readonly weightBases?: number;
  readonly activationBases?: number;
}

/** Batch norm, signs at N thresholds, and the sum of M scaled convolutions of each. */
function unit(
  writer: GraphWriter,
  name: string,
  input: Value,
  shape: { outChannels: number; kernel: number; stride: number },
  bases: { weights: number; activations: number },
): Value {
  const normal = batchNorm(writer, `${name}.norm`, input);
  let total: Value | undefined;
  for (let n = 0; n < bases.activations; n++) {
    const signs = shiftedSign(writer, `${name}.sign${n}`, normal);
    for (let m = 0; m < bases.weights; m++) {
      const base = `${name}.${n}${m}`;
      const sums = convolutionOfSigns(writer, base, signs, shape);
      total = total === undefined ? sums : sum(writer, `${base}.add`, total, sums);
    }
  }
  return total!;
}

/** ABC-Net (Lin et al., 2017) of ResNet-18. @throws InputError INVALID_OPTION */
export function abcNet(options: AbcNetOptions): GraphDefinition {
  const { weightBases = 1, activationBases = 1 } = options;
  for (const count of [weightBases, activationBases]) {
    const fits = Number.isInteger(count) && count >= 1 && count <= 5;
    checkOption(fits, `${count} bases`, 'a whole number from 1 to 5');
  }
  const bases = { weights: weightBases, activations: activationBases };
  const block: Block = (writer, name, input, { outChannels, stride }) => {
    const first = { outChannels, kernel: 3, stride };
    const inner = unit(writer, `${name}.0`, input, first, bases);
    const outer = unit(writer, `${name}.1`, inner, { ...first, stride: 1 }, bases);
    const skip = shortcut(writer, `${name}.shortcut`, input, { outChannels, stride });
    return sum(writer, `${name}.add`, outer, skip);
  };
  return resNet18(options, block);
}
