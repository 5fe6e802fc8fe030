/**
 * The kernels of MoBiNet with int16 activations, whatever its other options, where there is SIMD: a binary of its
 * own, so that most pages download no others. `as` names the one instance of a kernel that is for each type of
 * activations.
 */

export { averagePool2x2 as averagePool2x2Int16 } from './average-pool-2x2';
export { binaryGrouped3x3Planes as binaryGrouped3x3PlanesInt16 } from './binary-grouped3x3-planes';
export { binaryPointwiseNibbles as binaryPointwiseNibblesInt16 } from './binary-pointwise-nibbles';
export { columnPairs, conv2dInt16 } from './conv2d-int16';
export { dense, denseInt8 } from './dense';
export { streamToPlanar as streamToPlanarInt16 } from './layout';
export { globalAveragePool as globalAveragePoolInt16 } from './pool2d';
export { signNibbles as signNibblesInt16, signPlanes as signPlanesInt16 } from './sign-simd';
