/** A classifier in a module worker, for pages. This entry has no Node built-ins and no dependency. */

export {
  type ErrorCode,
  FileError,
  GraphError,
  InputError,
  MobinetError,
  ModelFormatError,
  RuntimeError,
} from '../errors.ts';
export type { LoadProgress, ModelSource } from '../file/read-source.ts';
export type { Build } from '../kernels/abi.ts';
export type { Classification, ModelDescription, Prediction, Timings } from '../model.ts';
export type { StepTime } from '../runtime/engine.ts';
export type { ThreadWish } from '../runtime/threads.ts';
export type { WasmSource } from '../runtime/wasm.ts';
export {
  type Classifier,
  type ClassifierOptions,
  type ClassifyPictureOptions,
  createClassifier,
} from './classifier.ts';
export type { PictureSource } from './post-picture.ts';
export type { QueuePolicy } from './queue.ts';
