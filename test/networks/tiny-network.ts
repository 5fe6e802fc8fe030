import type { Tensor } from '../../src/tensor.ts';

/** JSON of a graph that may be changed at will before it is parsed. */
export interface GraphJson {
  inputs: unknown;
  nodes: Record<string, unknown>[];
  outputs: unknown;
}

export interface Definition {
  readonly json: GraphJson;
  readonly tensors: Map<string, Tensor>;
}

export function f32(shape: number[], values: readonly number[]): Tensor {
  return { dtype: 'F32', shape, data: Float32Array.from(values) };
}

const ramp = (length: number, scale = 0.125) =>
  Array.from({ length }, (_, index) => ((index % 7) - 3) * scale);

/** A network of every operation, 3 x 6 x 6 to 5 classes; a new one each time. */
export function tinyNetwork(): Definition {
  const tensors = new Map<string, Tensor>([
    ['stem.weight', f32([4, 3, 3, 3], ramp(108))],
    ['stem.bias', f32([4], ramp(4))],
    ['norm.mean', f32([4], ramp(4))],
    ['norm.variance', f32([4], [1, 0.5, 2, 0.25])],
    ['norm.gamma', f32([4], [1, -1, 0.5, 2])],
    ['norm.beta', f32([4], ramp(4))],
    ['slope', f32([4], [0.25, 0, -0.5, 1])],
    ['threshold', f32([4], ramp(4))],
    [
      'binary.weight',
      {
        dtype: 'U64',
        shape: [4, 1],
        data: BigUint64Array.of(0x2aaaan, 0x15555n, 0x3ffffn, 0x00f0fn),
      },
    ],
    ['binary.alpha', f32([4], [0.1, 0.2, 0.3, 0.4])],
    ['affine.scale', f32([8], ramp(8, 1))],
    ['affine.bias', f32([8], ramp(8))],
    [
      'head.weight',
      {
        dtype: 'I8',
        shape: [5, 8],
        data: Int8Array.from({ length: 40 }, (_, index) => index * 6 - 120),
      },
    ],
    ['head.scale', f32([5], [0.01, 0.02, 0.01, 0.02, 0.01])],
    ['head.bias', f32([5], ramp(5))],
  ]);
  const window = { kernel: [2, 2], stride: [1, 1], padding: [0, 0, 1, 1] };
  const nodes = [
    {
      name: 'stem',
      op: 'conv2d',
      inputs: ['image'],
      weight: 'stem.weight',
      bias: 'stem.bias',
      stride: [1, 1],
      padding: [1, 1, 1, 1],
      groups: 1,
    },
    {
      name: 'norm',
      op: 'batch_norm',
      inputs: ['stem'],
      mean: 'norm.mean',
      variance: 'norm.variance',
      gamma: 'norm.gamma',
      beta: 'norm.beta',
      epsilon: 1e-5,
    },
    { name: 'bend', op: 'prelu', inputs: ['norm'], slope: 'slope' },
    { name: 'signs', op: 'sign', inputs: ['bend'], threshold: 'threshold' },
    {
      name: 'binary',
      op: 'binary_conv2d',
      inputs: ['signs'],
      weight: 'binary.weight',
      alpha: 'binary.alpha',
      kernel: [3, 3],
      in_channels: 4,
      out_channels: 4,
      stride: [1, 1],
      padding: [1, 1, 1, 1],
      padding_value: 0,
      groups: 2,
    },
    { name: 'sum', op: 'add', inputs: ['binary', 'bend'] },
    { name: 'double', op: 'concat', inputs: ['sum', 'bend'] },
    {
      name: 'scaled',
      op: 'affine',
      inputs: ['double'],
      scale: 'affine.scale',
      bias: 'affine.bias',
    },
    { name: 'cut', op: 'relu', inputs: ['scaled'], max: 6 },
    { name: 'smooth', op: 'average_pool2d', inputs: ['cut'], ...window },
    { name: 'peaks', op: 'max_pool2d', inputs: ['smooth'], ...window },
    { name: 'mean', op: 'global_average_pool', inputs: ['peaks'] },
    { name: 'flat', op: 'flatten', inputs: ['mean'] },
    {
      name: 'logits',
      op: 'dense',
      inputs: ['flat'],
      weight: 'head.weight',
      weight_scale: 'head.scale',
      bias: 'head.bias',
    },
  ];
  const json = { inputs: [{ name: 'image', shape: [3, 6, 6] }], nodes, outputs: ['logits'] };
  return { json, tensors };
}
