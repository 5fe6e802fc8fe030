/** Convolutions and dense layers: here it is decided what is stored as bits. */

import { product } from './array.ts';
import { bitWeightConv, bitWeightsOf } from './emit-bit-weights.ts';
import { padded } from './emit-moves.ts';
import {
  add,
  affine,
  area,
  dilationAttribute,
  type Emitter,
  floats,
  plainConv,
  tensor,
} from './emitter.ts';
import type { ConvLayer, Layer } from './layers.ts';
import { bitsOf, type Planes, planesOf, withoutTies } from './planes.ts';
import type { Steps } from './steps.ts';
import { type Base, basesOf, packSigns } from './weights.ts';

/** More binary convolutions than these cost as much as a float one, or nearly. */
const MOST_PLANES = 24;

export function emitConv(emitter: Emitter, layer: ConvLayer & Layer, input: string): string {
  const { name, steps, bias, outChannels } = layer;
  const from = layer.inputs[0]!;
  const bases = basesOf(layer.weight, outChannels, emitter.options.tolerance);
  const simplified = steps && withoutTies(emitter, from, steps, layer);
  const planes = simplified && planesOf(simplified, layer, layer.weight.length / outChannels);
  const [reads, terms] = [planes?.planes ?? [], bases?.length ?? 0];
  const count = reads.reduce((sum, { bits }) => sum + bits, 0) * terms;
  const report = (as: 'bits' | 'float', why: string, warning = false) =>
    emitter.reports.push({
      name,
      operation: layer.source.operation,
      as,
      why,
      convolutions: as === 'bits' ? Math.max(reads.length * terms, 1) : 0,
      warning,
    });
  if (bases !== undefined && planes !== undefined && count <= MOST_PLANES) {
    const { bits } = planes.planes[0]!;
    const levels = `input of ${simplified!.levels.length} levels${bits > 1 ? `, ${bits} bits` : ''}`;
    report('bits', `${levels}, ${describeBases(bases)}`);
    return binaryConvs(emitter, layer, bases, planes);
  }
  const bitWeights = bitWeightsOf(layer, bases);
  if (bitWeights !== undefined) {
    const kind = bitWeights.nonzero === undefined ? '+-alpha' : '-alpha, 0 and alpha';
    report(
      'bits',
      `weights are ${kind}, but no sign comes before them: did the exporter drop one?`,
      true,
    );
  } else if (simplified === undefined) report('float', 'neither weights nor input are few-valued');
  else if (bases === undefined) report('float', 'the input is signs, the weights are float');
  else report('float', `${count || 'its'} planes of bits and this padding cost more than floats`);
  const source =
    simplified === undefined ? input : floatSteps(emitter, `${name}.levels`, from, simplified);
  const { weight, kernel, stride, groups } = layer;
  let value = source;
  let { padding } = layer;
  if (layer.paddingValue !== 0 && padding.some((side) => side > 0)) {
    value = padded(emitter, `${name}.border`, value, from.shape[0], padding, layer.paddingValue);
    padding = [0, 0, 0, 0];
  }
  if (bitWeights !== undefined) return bitWeightConv(emitter, layer, bitWeights, value, padding);
  const inChannels = from.shape[0];
  const whole =
    product(kernel) === area(from) && padding.every((side) => side === 0) && groups === 1;
  if (whole && !emitter.asMaps && area(layer) === 1 && simplified === undefined) {
    const vector =
      area(from) === 1 && isVector(from) ? value : add(emitter, `${name}.flat`, 'flatten', [value]);
    return add(emitter, name, 'dense', [vector], {
      weight: floats(emitter, `${name}.weight`, [outChannels, inChannels * area(from)], weight),
      ...(bias === undefined ? {} : { bias: floats(emitter, `${name}.bias`, [outChannels], bias) }),
    });
  }
  const shape: [number, number, number, number] = [outChannels, inChannels / groups, ...kernel];
  return plainConv(emitter, name, value, shape, weight, {
    stride,
    padding,
    groups,
    bias,
    dilation: layer.dilation,
  });
}

/** Whether a layer's value is `[C]` where vectors are not kept as maps. */
function isVector(layer: Layer): boolean {
  switch (layer.op) {
    case 'global_average_pool':
    case 'flatten':
      return true;
    case 'conv': {
      const from = layer.inputs[0]!;
      const whole =
        product(layer.kernel) === area(from) && layer.padding.every((side) => side === 0);
      return whole && area(layer) === 1 && layer.groups === 1 && layer.steps === undefined;
    }
    case 'input':
    case 'max_pool2d':
    case 'average_pool2d':
    case 'concat':
    case 'pad':
    case 'slice':
    case 'channel_mean':
    case 'steps':
      return false;
    default:
      return layer.inputs.every(isVector);
  }
}

function describeBases(bases: readonly Base[]): string {
  if (bases.length === 1) return '+-alpha';
  return `the sum of ${bases.length} binary bases`;
}

function binaryConvs(
  emitter: Emitter,
  layer: ConvLayer & Layer,
  bases: readonly Base[],
  { planes, offset }: Planes,
): string {
  const { name, kernel, stride, padding, groups, outChannels, weight } = layer;
  const from = layer.inputs[0]!;
  const isPlain = planes.length * bases.length === 1;
  const nameOf = (base: number) => (bases.length === 1 ? name : `${name}.base${base}`);
  const weights = bases.map(({ signs }, base) =>
    tensor(emitter, `${nameOf(base)}.weight`, {
      dtype: 'U64',
      shape: [outChannels, Math.ceil(weight.length / outChannels / 64)],
      data: packSigns(signs, outChannels, product(kernel)),
    }),
  );
  let sum: string | undefined;
  // The bases of a plane one after the other: one call adds them up.
  for (const [p, plane] of planes.entries()) {
    for (const [b, base] of bases.entries()) {
      const { bits: width, half, paddingValue } = plane;
      const own = planes.length === 1 ? nameOf(b) : `${nameOf(b)}.plane${p}`;
      const alpha = base.alpha.map((x) => x * half);
      const made = add(
        emitter,
        isPlain ? name : own,
        'binary_conv2d',
        [bitsOf(emitter, from, plane)],
        {
          weight: weights[b]!,
          ...(alpha.every((x) => x === 1)
            ? {}
            : { alpha: floats(emitter, `${own}.alpha`, [outChannels], alpha) }),
          kernel,
          in_channels: from.shape[0],
          out_channels: outChannels,
          stride,
          ...dilationAttribute(layer),
          padding,
          padding_value: padding.every((side) => side === 0) ? 0 : paddingValue,
          groups,
          ...(width === 1 ? {} : { bits: width }),
        },
      );
      sum = sum === undefined ? made : add(emitter, `${own}.sum`, 'add', [sum, made]);
    }
  }
  const bias = layer.bias === undefined ? new Float32Array(outChannels) : layer.bias.slice();
  const elements = weight.length / outChannels;
  for (let output = 0; offset !== 0 && output < outChannels; output++) {
    let total = 0;
    for (const { alpha, signs } of bases) {
      const row = signs.subarray(output * elements, (output + 1) * elements);
      total += alpha[output]! * row.reduce((all, s) => all + s, 0);
    }
    bias[output]! += offset * total;
  }
  if (bias.every((x) => x === 0)) return sum!;
  return affine(emitter, `${name}.bias`, sum!, outChannels, { bias });
}

/** Levels as float numbers: signs, each times one weight. */
export function floatSteps(emitter: Emitter, name: string, from: Layer, steps: Steps): string {
  const [channels] = from.shape;
  const identity: ConvLayer & Layer = {
    ...from,
    op: 'conv',
    name,
    inputs: [from],
    weight: new Float32Array(channels).fill(1),
    bias: undefined,
    outChannels: channels,
    groups: channels,
    kernel: [1, 1],
    stride: [1, 1],
    dilation: [1, 1],
    padding: [0, 0, 0, 0],
    paddingValue: 0,
    steps,
  };
  const bases = basesOf(identity.weight, channels, 0)!;
  const planes = planesOf(steps, identity, 1);
  if (planes !== undefined) return binaryConvs(emitter, identity, bases, planes);
  return affine(emitter, name, emitter.values.get(from)!, channels, {
    scale: 0,
    bias: steps.levels[0]!,
  });
}
