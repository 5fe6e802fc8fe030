/**
 * The kernels of MoBiNet and MobileNet v1, whatever their options, where there is SIMD: a binary
 * of its own, so that most pages download no others.
 */

export { averagePool2x2 } from './average-pool-2x2';
export { binaryGrouped3x3Planes } from './binary-grouped3x3-planes';
export { binaryPointwiseNibbles } from './binary-pointwise-nibbles';
export { columns, conv2d } from './conv2d';
export { columnPairs, conv2dInt16 } from './conv2d-int16';
export { dense, denseInt8 } from './dense';
export { streamToPlanar } from './layout';
export { pointwise } from './pointwise';
export { globalAveragePool } from './pool2d';
export { signNibbles, signPlanes } from './sign-simd';
