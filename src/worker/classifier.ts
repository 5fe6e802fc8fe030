import type { BatchOptions, BatchResult, Pictures } from '../batch.ts';
import { InputError, MobinetError, RuntimeError } from '../errors.ts';
import type { ModelSource } from '../file/read-source.ts';
import type { Build } from '../kernels/builds.ts';
import type { Classification, ClassifyOptions, EmbedOptions, ModelDescription } from '../model.ts';
import type { StepTime } from '../runtime/engine.ts';
import { abortable, checkTimeout, throwIfAborted, within } from './abortable.ts';
import {
  type PictureSource,
  type Postable,
  release,
  type TakeOptions,
  toPostable,
} from './post-picture.ts';
import type { Calls, LoadedModel } from './protocol.ts';
import { createQueue, type Queue, type QueuePolicy } from './queue.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';
import type { FrameClassification, VideoOptions } from './video.ts';

/** What `loadModel` takes, and what is the worker's. */
export interface ClassifierOptions extends SessionOptions {
  /** What becomes of pictures that come faster than they are classified. Default `all`. */
  queue?: QueuePolicy | undefined;
}

/** How a request goes to the worker. */
export interface RequestOptions extends TakeOptions {
  /** Rejects at once with ABORTED; a request that still waits is not run. */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds that the picture may take to come, of an image element whose server hangs for
   * instance, or that loads only when it is seen; then PICTURE_FETCH. Default 30,000.
   */
  pictureTimeout?: number | undefined;
}

export interface ClassifyPictureOptions extends ClassifyOptions, RequestOptions {}

export interface EmbedPictureOptions extends EmbedOptions, RequestOptions {}

export interface ClassifyAllOptions extends ClassifyPictureOptions, BatchOptions {}

/** A model in a worker of its own. */
export interface Classifier {
  readonly name: string;
  /** By class index. */
  readonly labels: readonly string[];
  /** Identifiers of the classes (WordNet ids), where the model file has them. */
  readonly labelIds: readonly string[] | undefined;
  readonly build: Build;
  /**
   * What the model is, and what it takes; also after `dispose`.
   * @example
   * ```js
   * import { createClassifier } from 'mobinet/worker';
   *
   * const { input, activations } = (await createClassifier('/models/mobinet-mid-k3-w50-64.safetensors')).describe();
   * console.log(input, activations);
   * // [3,64,64] int16
   * ```
   */
  describe(): ModelDescription;
  /**
   * Labels for a picture, as it is at the moment of the call. Colour is read as stored, without
   * colour management; a transparent picture lies on `background` (docs/pictures.md).
   * The timings are the worker's and leave out decoding and waiting.
   * @throws InputError PICTURE_FETCH, PICTURE_DECODE, PICTURE_SIZE, INVALID_OPTION; FileError
   * FILE_TOO_LARGE; RuntimeError
   * ABORTED, DISPOSED, WORKER_FAILED (the next request starts another worker)
   * @example
   * ```js
   * import { createClassifier } from 'mobinet/worker';
   *
   * const classifier = await createClassifier('/models/mobinet-mid-k3-w50-64.safetensors');
   * const photo = await (await fetch('/samples/chelsea.png')).blob();
   * const { predictions } = await classifier.classify(photo, { topK: 2 });
   * console.log(predictions.map(({ label }) => label));
   * // ["golden retriever","Chihuahua"]
   * ```
   */
  classify(picture: PictureSource, options?: ClassifyPictureOptions): Promise<Classification>;
  /**
   * The feature vector of a picture, as it is at the moment of the call: what the network's last
   * layer reads where that is a dense one, else its logits.
   * @returns a float32 per feature
   * @throws as `classify`
   * @example
   * ```js
   * import { createClassifier } from 'mobinet/worker';
   *
   * const classifier = await createClassifier('/models/mobinet-mid-k3-w50-64.safetensors');
   * const photo = await (await fetch('/samples/chelsea.png')).blob();
   * const vector = await classifier.embed(photo, { l2Normalize: true });
   * console.log(vector.length, Math.hypot(...vector).toFixed(3));
   * // 512 1.000
   * ```
   */
  embed(picture: PictureSource, options?: EmbedPictureOptions): Promise<Float32Array>;
  /**
   * Labels for any number of pictures, in their order, as they are asked for: no more of them are
   * taken than `concurrency` (default 2) beyond what has been handed out. A picture that cannot be read
   * is a result with an `error`, and the others go on. A classifier whose queue is `latest` keeps
   * only one waiting: with it, `concurrency` must be 1, and nothing else be asked meanwhile.
   * @throws from the iterator: RuntimeError ABORTED, DISPOSED, WORKER_FAILED; InputError INVALID_OPTION
   * @example
   * ```js
   * import { createClassifier } from 'mobinet/worker';
   *
   * const classifier = await createClassifier('/models/mobinet-mid-k3-w50-64.safetensors');
   * const photo = await (await fetch('/samples/coffee.png')).blob();
   * for await (const { index, classification, error } of classifier.classifyAll([photo, new Blob(['?'])])) {
   *   console.log(index, classification?.predictions[0].label ?? error.code);
   * }
   * // 0 espresso
   * // 1 PICTURE_DECODE
   * ```
   */
  classifyAll<Source extends PictureSource>(
    pictures: Pictures<Source>,
    options?: ClassifyAllOptions,
  ): AsyncIterableIterator<BatchResult<Source>, undefined>;
  /**
   * Labels for a playing video or camera, frame after frame: the newest frame whenever the next one is
   * asked for. Frames that come meanwhile are dropped, not queued; in a page that is not seen there are
   * none. Scores are averaged over time (`smoothing`), so that labels do not flicker. It ends with
   * the video, when the video's source is taken away, when the loop is left, or by `return()`.
   * @throws from the iterator: as `classify`; RuntimeError ABORTED by `signal`
   * @example
   * ```js
   * import { createClassifier } from 'mobinet/worker';
   *
   * const classifier = await createClassifier('/models/mobinet-mid-k3-w50-64.safetensors');
   * const canvas = document.createElement('canvas');
   * canvas.getContext('2d').fillRect(0, 0, 300, 150);
   * const video = Object.assign(document.createElement('video'), { srcObject: canvas.captureStream() });
   * await video.play();
   * for await (const { predictions } of classifier.stream(video, { smoothing: 500, topK: 3 })) {
   *   console.log(predictions.length);
   *   break;
   * }
   * // 3
   * ```
   */
  stream(
    video: HTMLVideoElement,
    options?: VideoOptions,
  ): AsyncIterableIterator<FrameClassification, undefined>;
  /**
   * Time by step of one run, in order.
   * @throws RuntimeError DISPOSED, WORKER_FAILED
   * @example
   * ```js
   * import { createClassifier } from 'mobinet/worker';
   *
   * const classifier = await createClassifier('/models/mobinet-mid-k3-w50-64.safetensors');
   * const [first] = await classifier.profile();
   * console.log(first.value, typeof first.kernel);
   * // stem.prelu string
   * ```
   */
  profile(): Promise<StepTime[]>;
  /**
   * Ends the worker and frees its memory; what is pending and every later call rejects with
   * DISPOSED. May be called twice.
   * @example
   * ```js
   * import { createClassifier } from 'mobinet/worker';
   *
   * const classifier = await createClassifier('/models/mobinet-mid-k3-w50-64.safetensors');
   * classifier.dispose();
   * await classifier.classify(new ImageData(8, 8)).catch(({ code }) => console.log(code));
   * // DISPOSED
   * ```
   */
  dispose(): void;
  /** @deprecated Earlier name of `dispose`. */
  terminate(): void;
}

/** What is asked about a picture. */
type PictureCall = 'classify' | 'embed';

/**
 * Loads a model in a module worker, so that the page stays free while it runs.
 * @throws ModelFormatError, GraphError, InputError, RuntimeError, each with a `code`
 * @example
 * ```js
 * import { createClassifier } from 'mobinet/worker';
 *
 * const classifier = await createClassifier('/models/mobinet-mid-k3-w50-64.safetensors', { queue: 'latest' });
 * console.log(classifier.labels.length, classifier.describe().threads);
 * // 200 1
 * ```
 */
export async function createClassifier(
  model: ModelSource,
  options: ClassifierOptions = {},
): Promise<Classifier> {
  const { signal } = options;
  throwIfAborted(signal);
  const queue = createQueue(options.queue ?? 'all');
  const session = openSession(model, options, queue.reject);
  try {
    return openClassifier(session, queue, await abortable(session.load(), signal));
  } catch (error) {
    session.close(error as MobinetError);
    throw error;
  }
}

function openClassifier(session: Session, queue: Queue, loaded: LoadedModel): Classifier {
  const { labels, labelIds, description } = loaded;
  const dispose = () => {
    const error = new RuntimeError(
      'DISPOSED',
      `The classifier of ${description.name} has been disposed of`,
      { hint: 'create another one' },
    );
    session.close(error);
    queue.close(error);
  };
  const ask =
    <Call extends PictureCall>(call: Call) =>
    async (
      source: PictureSource,
      { signal, pictureTimeout = PICTURE_TIMEOUT, ...options }: RequestOptions = {},
    ): Promise<Calls[Call]['result']> => {
      throwIfAborted(signal);
      checkTimeout('pictureTimeout', pictureTimeout);
      const preparing = toPostable(source, options);
      const coming = abortable(within(preparing, pictureTimeout, notCome), signal);
      // Reported where its turn comes, which may be never.
      coming.catch(() => undefined);
      const responding = queue.add(async () => {
        const postable = await coming;
        throwIfAborted(signal);
        return post(session, call, postable, options);
      });
      try {
        return await abortable(responding, signal);
      } finally {
        preparing.then(release, () => undefined);
      }
    };
  const classify = ask('classify');
  return {
    name: description.name,
    labels,
    labelIds,
    build: description.build,
    describe: () => description,
    classify,
    embed: ask('embed'),
    classifyAll: (pictures, options) =>
      lazily((code) => code.classifyAll(classify, pictures, options)),
    stream: (video, options) => lazily((code) => code.stream(classify, loaded, video, options)),
    profile: () => session.call('profile', undefined),
    dispose,
    terminate: dispose,
  };
}

const PICTURE_TIMEOUT = 30_000;

function notCome(milliseconds: number): InputError {
  return new InputError('PICTURE_FETCH', `The picture has not come in ${milliseconds} ms`, {
    hint: 'does its server respond? an image with loading="lazy" comes only when it is seen',
  });
}

/** An iterator whose code is fetched when it is first asked. */
function lazily<T>(
  open: (code: typeof import('./sequences.ts')) => AsyncIterator<T, undefined>,
): AsyncIterableIterator<T, undefined> {
  let opening: Promise<AsyncIterator<T, undefined>> | undefined;
  const ask = async (step: 'next' | 'return') => {
    opening ??= import('./sequences.ts').then(open);
    return (await opening)[step]!();
  };
  const iterator: AsyncIterableIterator<T, undefined> = {
    next: () => ask('next'),
    return: () => ask('return'),
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

async function post<Call extends PictureCall>(
  session: Session,
  call: Call,
  { picture, transfer }: Postable,
  options: object,
): Promise<Calls[Call]['result']> {
  try {
    return await session.call(call, { picture, ...options }, transfer);
  } catch (cause) {
    if (cause instanceof MobinetError) throw cause;
    throw new InputError('PICTURE_DECODE', 'Cannot hand the picture to the worker', {
      cause,
      hint: 'is it closed, given away before, or of another site without CORS (`crossorigin`)?',
    });
  }
}
