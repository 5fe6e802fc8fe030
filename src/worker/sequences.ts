/** Many pictures and the frames of a video: fetched by pages that ask for them. */

import { type BatchResult, classifyEach, type Pictures } from '../batch.ts';
import type { Classifier, ClassifyAllOptions } from './classifier.ts';
import type { PictureSource } from './post-picture.ts';

export { stream } from './video.ts';

/** One that the worker works on, and one that is made ready. */
const DEFAULT_CONCURRENCY = 2;

/** `Classifier.classifyAll` */
export function classifyAll<Source extends PictureSource>(
  classify: Classifier['classify'],
  pictures: Pictures<Source>,
  { concurrency = DEFAULT_CONCURRENCY, ...options }: ClassifyAllOptions = {},
): AsyncGenerator<BatchResult<Source>, undefined> {
  return classifyEach(pictures, concurrency, (picture) => classify(picture, options));
}
