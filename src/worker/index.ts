/** A classifier in a module worker, for pages. This entry has no Node built-ins and no dependency. */

export type { BatchOptions, BatchResult, Pictures } from '../batch.ts';
export {
  type ErrorCode,
  type ErrorDetails,
  FileError,
  GraphError,
  InputError,
  MobinetError,
  ModelFormatError,
  RuntimeError,
} from '../errors.ts';
export type { DigestState } from '../file/model-file.ts';
export type { LoadProgress, ModelSource } from '../file/read-source.ts';
export type { Activations, ActivationsWish } from '../graph/activations.ts';
export type { Background } from '../image/compose.ts';
export type { Picture, Preprocessing } from '../image/picture.ts';
export type { Region, Rotation, ViewOptions } from '../image/view.ts';
export type { Build } from '../kernels/builds.ts';
export type {
  Classification,
  ClassifyOptions,
  EmbedOptions,
  LoadOptions,
  ModelDescription,
  PictureOptions,
  StreamWish,
  Timings,
} from '../model.ts';
export type { Limits } from '../plan/budget.ts';
export type { Prediction, PredictionOptions } from '../predictions.ts';
export type { StepTime } from '../runtime/engine.ts';
export type { ThreadWish } from '../runtime/threads.ts';
export type { WasmLocator, WasmSource } from '../runtime/wasm.ts';
export {
  type Classifier,
  type ClassifierOptions,
  type ClassifyAllOptions,
  type ClassifyPictureOptions,
  createClassifier,
  type EmbedPictureOptions,
  type RequestOptions,
} from './classifier.ts';
export { clearModelCache } from './model-cache.ts';
export type { WorkerOptions } from './open-worker.ts';
export type { PictureSource, TakeOptions } from './post-picture.ts';
export type { QueuePolicy } from './queue.ts';
export type { SessionOptions } from './session.ts';
export type { FrameClassification, VideoOptions } from './video.ts';
