/** Labels for a video, frame after frame. */

import { abortError, invalidOption, MobinetError } from '../errors.ts';
import type { Classification, ClassifyOptions } from '../model.ts';
import { type Classes, openPredictions } from '../predictions.ts';
import type { Classifier } from './classifier.ts';
import { createSmoother } from './smoothing.ts';
import { openVideoFrames } from './video-frames.ts';

export interface VideoOptions extends ClassifyOptions {
  /** Stops it: whoever waits for a frame gets ABORTED. */
  signal?: AbortSignal | undefined;
  /**
   * Time constant in milliseconds of the average of the scores over time: of each class,
   * `s += (1 - exp(-dt / smoothing)) (score - s)` from one frame to the next, `dt` in the video's own time.
   * A change is 63 % there after it. 0: each frame on its own. Default 300.
   */
  smoothing?: number | undefined;
}

/** Labels of the newest frame; their scores are averages over time where that is asked for. */
export interface FrameClassification extends Classification {
  /** Of the frame in the video, seconds. */
  readonly time: number;
}

const DEFAULT_SMOOTHING = 300;

/**
 * `Classifier.stream`: one frame at a time, the newest whenever the next one is asked for; those in between
 * are dropped.
 */
export function stream(
  classify: Classifier['classify'],
  classes: Classes,
  video: HTMLVideoElement,
  { signal, smoothing = DEFAULT_SMOOTHING, ...options }: VideoOptions = {},
): AsyncIterableIterator<FrameClassification, undefined> {
  if (!(smoothing >= 0 && smoothing < Number.POSITIVE_INFINITY)) {
    throw invalidOption('smoothing', smoothing, 'milliseconds, 0 or more');
  }
  const predictionsOf = openPredictions(classes, options);
  const smooth = createSmoother(smoothing / 1000);
  const frames = openVideoFrames(video);
  if (signal?.aborted) frames.close();
  signal?.addEventListener('abort', frames.close);
  const { topK, scoreThreshold, allow, deny, ...view } = options;
  const wanted = { ...view, topK: 'all', signal } as const;
  let open = true;
  const close = () => {
    open = false;
    signal?.removeEventListener('abort', frames.close);
    frames.close();
  };

  /** Undefined where another request took the frame's place. */
  const classifyFrame = async (time: number): Promise<FrameClassification | undefined> => {
    const scores = new Float32Array(classes.labels.length);
    try {
      const classification = await classify(video, wanted);
      for (const { index, score } of classification.predictions) scores[index] = score;
      return { ...classification, predictions: predictionsOf(smooth(scores, time)), time };
    } catch (error) {
      const isReplaced = error instanceof MobinetError && error.code === 'ABORTED';
      if (isReplaced && !signal?.aborted) return undefined;
      throw error;
    }
  };
  return {
    async next() {
      try {
        while (open) {
          const time = await frames.take();
          if (signal?.aborted) throw abortError(signal);
          if (time === undefined) break;
          const value = await classifyFrame(time);
          if (open && value !== undefined) return { done: false, value };
        }
      } catch (error) {
        // What becomes of a frame does not matter to one who has left.
        if (open) {
          close();
          throw error;
        }
      }
      close();
      return { done: true, value: undefined };
    },
    async return() {
      close();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
