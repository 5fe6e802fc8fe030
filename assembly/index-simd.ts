/** The kernels of index.ts and those that exist in SIMD only. */

export * from './index';
export { averagePool2x2, averagePool2x2Int16 } from './average-pool-2x2';
export { binaryGrouped3x3Planes, binaryGrouped3x3PlanesInt16 } from './binary-grouped3x3-planes';
export { binaryPointwiseNibbles, binaryPointwiseNibblesInt16 } from './binary-pointwise-nibbles';
export { signNibbles, signNibblesInt16, signPlanes, signPlanesInt16 } from './sign-simd';
