/** Binary neural networks in WebAssembly. This entry has no Node built-ins and no dependency. */

export {
  type ErrorCode,
  type ErrorDetails,
  FileError,
  GraphError,
  InputError,
  MobinetError,
  ModelFormatError,
  RuntimeError,
} from './errors.ts';
export type { DigestState } from './file/model-file.ts';
export type { LoadProgress, ModelSource } from './file/read-source.ts';
export type { Activations, ActivationsWish } from './graph/activations.ts';
export type { Int16Stream } from './graph/graph.ts';
export type { Background } from './image/compose.ts';
export type { Picture, Preprocessing } from './image/picture.ts';
export type { Region, Rotation, ViewOptions } from './image/view.ts';
export { BUILDS, type Build } from './kernels/builds.ts';
export type {
  Classification,
  ClassifyOptions,
  LoadOptions,
  Model,
  ModelDescription,
  PictureOptions,
  StreamWish,
  Timings,
} from './model.ts';
export type { Prediction, PredictionOptions } from './predictions.ts';
export type { StepTime } from './runtime/engine.ts';
export type { ThreadWish } from './runtime/threads.ts';
export type { WasmLocator, WasmSource } from './runtime/wasm.ts';
export { loadModel } from './web/load.ts';
