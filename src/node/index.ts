/** Binary neural networks in WebAssembly, for Node: models and pictures from files. */

export * from '../index.ts';
export { type DecodeOptions, decodePicture } from './decode.ts';
export { loadModel, type NodeClassifyOptions, type NodeModel } from './load.ts';
export type { PictureSource } from './picture-source.ts';
