/** Binary neural networks in WebAssembly, for Node: models and pictures from files. */

export * from '../index.ts';
export { type ConvertFileOptions, convertFile } from './convert.ts';
export { type DecodeOptions, decodePicture } from './decode.ts';
export { loadModel, type NodeModel, type PictureSource } from './load.ts';
