/**
 * The families of kernels for each operation, the best first: of those that accept a stage the first is
 * taken. An operation without an entry does not compile.
 */

import type { OpName } from '../ops/index.ts';
import { binaryConv2dNibbles } from './binary-conv2d-nibbles.ts';
import { binaryGrouped3x3Planes } from './binary-grouped3x3-planes.ts';
import { binaryPointwiseNibbles } from './binary-pointwise-nibbles.ts';
import { binaryWeightConv2d } from './binary-weight-conv2d.ts';
import { binaryConv2dWords, binaryPointwiseWords } from './binary-words.ts';
import { conv2d } from './conv2d.ts';
import { conv2dInt16 } from './conv2d-int16.ts';
import { dense } from './dense.ts';
import { clampChannels, clampVector, mapChannels, mapVector } from './elementwise.ts';
import type { Family } from './family.ts';
import { multiply, sigmoidChannels, sigmoidVector } from './gate.ts';
import { concatenate, flatten } from './layout.ts';
import { pointwise } from './pointwise.ts';
import { averagePool2x2, globalAveragePool, pool2d } from './pool2d.ts';

const map = [mapChannels, mapVector];
const clamp = [clampChannels, clampVector];

export const FAMILIES: { readonly [Op in OpName]: readonly Family<Op>[] } = {
  conv2d: [conv2dInt16, pointwise, conv2d],
  // No work of its own: its bits are an encoding of what it reads, made where they are wanted.
  sign: [],
  binary_conv2d: [
    binaryPointwiseNibbles,
    binaryGrouped3x3Planes,
    binaryConv2dNibbles,
    binaryPointwiseWords,
    binaryConv2dWords,
  ],
  binary_weight_conv2d: [binaryWeightConv2d],
  batch_norm: map,
  affine: map,
  prelu: map,
  relu: [...map, ...clamp],
  hard_tanh: clamp,
  sigmoid: [sigmoidChannels, sigmoidVector],
  add: map,
  multiply: [multiply],
  concat: [concatenate],
  average_pool2d: [averagePool2x2, pool2d],
  max_pool2d: [pool2d],
  global_average_pool: [globalAveragePool],
  flatten: [flatten],
  dense: [dense],
};
