/** The kernels of index.ts and those that exist in SIMD only. */

export * from './index';
export { binaryGrouped3x3Planes } from './binary-grouped3x3-planes';
export { binaryPointwiseNibbles } from './binary-pointwise-nibbles';
export { signNibbles, signPlanes } from './sign-simd';
