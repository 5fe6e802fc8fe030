/**
 * What the host calls. Every kernel takes the range of its work first (tiles, parts of tiles,
 * channels or blocks), so that several threads can share it, then addresses, then shapes. Nothing is
 * allocated here: the plan lays out all memory.
 *
 * The kernels of nibbles and planes are made of SIMD instructions and are left out of the plain
 * build (index-simd.ts); the others choose their body by ASC_FEATURE_SIMD.
 */

export {
  binaryConv2dWords,
  binaryPointwiseWords,
} from './binary-words';
export { binaryWeightConv2d } from './binary-weight-conv2d';
export { columns, columnsOfStream, conv2d } from './conv2d';
export { columnPairs, conv2dInt16 } from './conv2d-int16';
export { dense, denseInt8 } from './dense';
export { clamp, mapChannels, mapVector } from './elementwise';
export { multiply, sigmoid } from './gate';
export { levelWords } from './levels';
export {
  concatenate,
  planarToStream,
  streamToPlanar,
} from './layout';
export { pointwise } from './pointwise';
export { globalAveragePool, pool2d } from './pool2d';
export { round } from './round';
export { signWords } from './sign';
