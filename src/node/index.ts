/** Binary neural networks in WebAssembly, for Node: models and pictures from files. */

export type { BatchOptions, BatchResult, Pictures } from '../batch.ts';
export type { ConversionReport, ConvertOptions } from '../import/convert.ts';
export type { LayerReport } from '../import/emitter.ts';
export type { ReadBeside } from '../import/onnx/model.ts';
export * from '../index.ts';
export { type ConvertFileOptions, convertFile } from './convert.ts';
export { type DecodedPicture, type DecodeOptions, decodePicture } from './decode.ts';
export { exportFile } from './export.ts';
export {
  loadModel,
  type NodeClassifyAllOptions,
  type NodeClassifyOptions,
  type NodeEmbedOptions,
  type NodeModel,
  type ReadOptions,
} from './load.ts';
export type { PictureSource } from './picture-source.ts';
