import { InputError, MobinetError, RuntimeError } from '../errors.ts';
import { type LoadProgress, type ModelSource, readSource } from '../file/read-source.ts';
import type { StreamWish } from '../graph/graph.ts';
import type { Classification, ClassifyOptions, ModelDescription } from '../model.ts';
import type { Build } from '../plan/kernels.ts';
import type { StepTime } from '../runtime/engine.ts';
import type { ThreadWish } from '../runtime/threads.ts';
import { compileKernels, type WasmSource } from '../runtime/wasm.ts';
import { abortable, throwIfAborted } from './abortable.ts';
import { type Connection, connect } from './connection.ts';
import { openWorker, type WorkerOptions } from './open-worker.ts';
import { type PictureSource, type Postable, release, toPostable } from './post-picture.ts';
import type { LoadedModel } from './protocol.ts';
import { createQueue, type Queue, type QueuePolicy } from './queue.ts';

export interface ClassifierOptions extends WorkerOptions {
  /** The kernels: `auto` takes the fastest build that the browser supports. Default `auto`. */
  build?: Build | 'auto' | undefined;
  /** Where the kernels come from; by default the file beside this package. */
  wasm?: WasmSource | undefined;
  /**
   * `float32` keeps feature maps as in training even where the model asks for int16: slower, and
   * the logits are PyTorch's. Default `model`.
   */
  stream?: StreamWish | undefined;
  /**
   * How many threads run the network, 1 to 16; `auto`: as many as there are cores, at most 4.
   * Default 1. Several take cross-origin isolation; where they cannot be had there is one, and
   * `describe()` says why. The labels are the same.
   */
  threads?: ThreadWish | undefined;
  /** Address of the threads' script, where a bundler has moved it. */
  threadUrl?: string | URL | undefined;
  /** Called while the model is fetched. */
  onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Aborts the loading; the promise rejects with the code ABORTED. */
  signal?: AbortSignal | undefined;
  /**
   * Keeps a model that comes from an http(s) address in the browser's Cache API, so that the next
   * visit does not fetch it; a string names the cache. A kept model is not looked for again under
   * its address: give a changed model another address, or another cache. Default true; has no effect
   * where the page has no Cache API (it is not a secure context).
   */
  cache?: boolean | string | undefined;
  /** What becomes of pictures that come faster than they are classified. Default `all`. */
  queue?: QueuePolicy | undefined;
}

export interface ClassifyPictureOptions extends ClassifyOptions {
  /** Rejects at once with ABORTED; a request that still waits is not run. */
  signal?: AbortSignal | undefined;
  /**
   * Gives the pixels of an ImageBitmap, VideoFrame or ImageData to the worker instead of a copy:
   * the caller can no longer use them. Default false.
   */
  transfer?: boolean | undefined;
}

/** A model in a worker of its own. */
export interface Classifier {
  readonly name: string;
  /** One a class. */
  readonly labels: readonly string[];
  /** Identifiers of the classes (WordNet ids), where the model file has them. */
  readonly labelIds: readonly string[] | undefined;
  readonly build: Build;
  describe(): ModelDescription;
  /**
   * Labels for a picture, as it is at the moment of the call. Colour is read as stored, without
   * colour management; where a picture is transparent it is as a canvas gives it, black at alpha 0.
   * The timings are the worker's and leave out decoding and waiting.
   * @throws InputError PICTURE_DECODE, PICTURE_SIZE, INVALID_OPTION; RuntimeError ABORTED, DISPOSED,
   * WORKER_FAILED (create another classifier)
   */
  classify(picture: PictureSource, options?: ClassifyPictureOptions): Promise<Classification>;
  /** Time by step of one run, in order. */
  profile(): Promise<StepTime[]>;
  /**
   * Ends the worker and frees its memory; what is pending and every later call rejects with
   * DISPOSED. May be called twice.
   */
  terminate(): void;
}

const DEFAULT_CACHE = 'mobinet-models';

/**
 * Loads a model in a module worker, so that the page stays free while it runs.
 * @throws ModelFormatError, GraphError, InputError, RuntimeError, each with a `code`
 */
export async function createClassifier(
  model: ModelSource,
  options: ClassifierOptions = {},
): Promise<Classifier> {
  const { signal, onProgress } = options;
  throwIfAborted(signal);
  const queue = createQueue(options.queue ?? 'all');
  const connection = connect(openWorker(options), {
    onProgress: (progress) => onProgress?.(progress),
    onClose: (error) => queue.close(error),
  });
  try {
    const loaded = await abortable(loadInWorker(connection, model, options), signal);
    return openClassifier(connection, queue, loaded);
  } catch (cause) {
    const error =
      cause instanceof MobinetError
        ? cause
        : new RuntimeError('WORKER_FAILED', 'Cannot hand the model to the worker', { cause });
    connection.close(error);
    throw error;
  }
}

async function loadInWorker(
  connection: Connection,
  model: ModelSource,
  options: ClassifierOptions,
): Promise<LoadedModel> {
  const [source, wasm] = await Promise.all([
    model instanceof Response ? readSource(model, options) : absolute(model),
    options.wasm instanceof Response
      ? compileKernels(options.wasm, options.signal)
      : absolute(options.wasm),
  ]);
  const { build = 'auto', stream = 'model', threads = 1, cache = true } = options;
  const threadUrl = absolute<undefined>(options.threadUrl);
  const cacheName = cacheNameOf(source, cache);
  const settings = { build, wasm, stream, threads, threadUrl, cacheName };
  return connection.call('load', { source, ...settings });
}

function openClassifier(connection: Connection, queue: Queue, loaded: LoadedModel): Classifier {
  const { labels, labelIds, description } = loaded;
  return {
    name: description.name,
    labels,
    labelIds,
    build: description.build,
    describe: () => description,
    async classify(source, { topK, signal, transfer = false } = {}) {
      throwIfAborted(signal);
      const preparing = toPostable(source, transfer);
      // Reported where its turn comes, which may be never.
      preparing.catch(() => undefined);
      const answering = queue.add(async () => {
        const postable = await preparing;
        throwIfAborted(signal);
        return post(connection, postable, topK);
      });
      try {
        return await abortable(answering, signal);
      } finally {
        preparing.then(release, () => undefined);
      }
    },
    profile: () => connection.call('profile', undefined),
    terminate() {
      connection.close(
        new RuntimeError('DISPOSED', `The classifier of ${description.name} has been terminated`, {
          hint: 'create another one',
        }),
      );
    },
  };
}

async function post(
  connection: Connection,
  { picture, transfer }: Postable,
  topK: number | undefined,
): Promise<Classification> {
  try {
    return await connection.call('classify', { picture, topK }, transfer);
  } catch (cause) {
    if (cause instanceof MobinetError) throw cause;
    throw new InputError('PICTURE_DECODE', 'Cannot hand the picture to the worker', {
      cause,
      hint: 'is it closed, given away before, or of another site without CORS (`crossorigin`)?',
    });
  }
}

/** Addresses are the page's, not the worker's. */
function absolute<T>(source: T | string | URL): T | string {
  if (!(typeof source === 'string' || source instanceof URL)) return source;
  try {
    return new URL(source, globalThis.document?.baseURI ?? globalThis.location?.href).href;
  } catch {
    // Not an address; the worker says so when it fetches it.
    return String(source);
  }
}

function cacheNameOf(source: unknown, cache: boolean | string): string | undefined {
  const cacheable =
    typeof caches !== 'undefined' && typeof source === 'string' && /^https?:/.test(source);
  if (!cacheable || cache === false) return undefined;
  return cache === true ? DEFAULT_CACHE : cache;
}
