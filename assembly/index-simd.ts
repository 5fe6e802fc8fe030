/** The kernels of index.ts and those that exist in SIMD only. */

export * from './index';
export { averagePool2x2 } from './average-pool-2x2';
export { binaryConv2dNibbles } from './binary-conv2d-nibbles';
export { binaryGrouped3x3Planes } from './binary-grouped3x3-planes';
export { binaryPointwiseNibbles } from './binary-pointwise-nibbles';
export { levelPlanes } from './levels-simd';
export { signNibbles, signPlanes } from './sign-simd';
