/**
 * The families of kernels that come after those of `index.ts`: loaded where a stage has none there. An
 * operation without an entry does not compile.
 *
 * The compiled file imports nothing: the build puts into it what it needs, as bundlers take it along
 * as it is (src/worker/uncommon-families.ts). So nothing in it may depend on identity: no class of
 * errors, no state of a module.
 */

import { binaryConv2dNibbles } from './binary-conv2d-nibbles.ts';
import { binaryWeightConv2d } from './binary-weight-conv2d.ts';
import { binaryConv2dWords, binaryPointwiseWords } from './binary-words.ts';
import { clampChannels, clampVector, mapChannels, mapVector } from './elementwise.ts';
import { multiply, sigmoid } from './gate.ts';
import type { Families } from './index.ts';
import { concatenate, flatten } from './layout.ts';
import { pool2d } from './pool2d.ts';
import { round } from './round.ts';

const map = [mapChannels, mapVector];
const clamp = [clampChannels, clampVector];

export const UNCOMMON: Families = {
  conv2d: [],
  // No work of its own: its bits are an encoding of what it reads, made where they are wanted.
  sign: [],
  levels: [],
  binary_conv2d: [binaryConv2dNibbles, binaryPointwiseWords, binaryConv2dWords],
  binary_weight_conv2d: [binaryWeightConv2d],
  batch_norm: map,
  affine: map,
  prelu: map,
  relu: [...map, ...clamp],
  hard_tanh: clamp,
  sigmoid,
  round,
  add: map,
  multiply: [multiply],
  concat: [concatenate],
  average_pool2d: [pool2d],
  max_pool2d: [pool2d],
  global_average_pool: [],
  flatten: [flatten],
  dense: [],
};
