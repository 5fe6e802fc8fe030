import type { Picture } from './image/picture.ts';

/** One label with its score. */
export interface Prediction {
  /** Class index, from 0. */
  readonly index: number;
  readonly label: string;
  /** Softmax probability, 0..1. */
  readonly score: number;
}

/** Wall-clock times in milliseconds. */
export interface Timings {
  readonly preprocess: number;
  readonly run: number;
  readonly total: number;
}

export interface Classification {
  /** The best `topK`, highest score first; equal scores in order of index. */
  readonly predictions: Prediction[];
  readonly timings: Timings;
}

export interface ClassifyOptions {
  /** How many predictions to return, 1 to the number of classes; default 5. */
  topK?: number;
}

/** A loaded network, ready to run. Several may live side by side. */
export interface Model {
  /**
   * Labels for a picture: resize, crop and normalise as in training, run, softmax, top-k.
   * @throws InputError PICTURE_SIZE, INVALID_OPTION; RuntimeError DISPOSED
   */
  classify(picture: Picture, options?: ClassifyOptions): Promise<Classification>;
  /**
   * Logits of a preprocessed input.
   * @param input float32 `[3, H, W]`, row-major, all finite
   * @throws InputError INPUT_SHAPE, INPUT_NOT_FINITE; RuntimeError DISPOSED
   */
  run(input: Float32Array): Promise<Float32Array>;
  /** Frees the WebAssembly memory; every later call throws DISPOSED. May be called twice. */
  dispose(): void;
}
