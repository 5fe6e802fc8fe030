import { availableParallelism } from 'node:os';
import { type BatchOptions, type BatchResult, classifyEach, type Pictures } from '../batch.ts';
import { checkOptions, invalidOption } from '../errors.ts';
import type { ModelSource } from '../file/read-source.ts';
import { checkPictureSize } from '../image/check-picture.ts';
import type { Picture } from '../image/picture.ts';
import type { ViewOptions } from '../image/view.ts';
import { wasmFile } from '../kernels/builds.ts';
import { loadModelOn, type Platform } from '../loading.ts';
import type {
  Classification,
  ClassifyOptions,
  EmbedOptions,
  LoadOptions,
  Model,
} from '../model.ts';
import { defaultWasmUrl } from '../runtime/wasm.ts';
import { checkBound } from './check-bound.ts';
import { decodePicture, enoughFor } from './decode.ts';
import { readPackageFile } from './package-file.ts';
import { openPicture, type PictureSource, throwIfAborted } from './picture-source.ts';
import { readFileBytes, readModelFile } from './read-file.ts';
import { shippedModelUrl } from './shipped-models.ts';
import { openThreadPool } from './thread-pool.ts';

const NODE: Platform = {
  cores: availableParallelism,
  // A file is read, not downloaded: all of the kernels at once.
  kernels: (build, threads) => readPackageFile(defaultWasmUrl(build, threads, 'all')),
  uncommonFamilies: () => import('../kernels/uncommon.ts'),
  openThreadPool,
};

/** How Node reads a picture. */
export interface ReadOptions {
  /** Rejects with ABORTED; a picture that is being fetched or read is let go. */
  signal?: AbortSignal | undefined;
  /** Pictures of more pixels are refused before memory is taken for them; default 2^28. */
  maxPixels?: number | undefined;
  /** A file, response or stream of more bytes is refused; default 2^28. */
  maxBytes?: number | undefined;
}

export interface NodeClassifyOptions extends ClassifyOptions, ReadOptions {}

export interface NodeEmbedOptions extends EmbedOptions, ReadOptions {}

export interface NodeClassifyAllOptions extends NodeClassifyOptions, BatchOptions {}

/** A model that also decodes pictures. */
export interface NodeModel extends Omit<Model, 'classify' | 'embed'> {
  /**
   * As `Model.classify`, of a decoded picture, or of a file that `decodePicture` reads.
   * @throws FileError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_TOO_LARGE; InputError PICTURE_FETCH,
   * PICTURE_DECODE and others; RuntimeError ABORTED
   * @example
   * ```js
   * import { loadModel } from 'mobinet/node';
   *
   * const model = await loadModel();
   * const white = { data: new Uint8Array(3 * 8 * 8).fill(255), width: 8, height: 8, channels: 3 };
   * const { predictions, threads } = await model.classify(white, { topK: 3 });
   * console.log(predictions.length, threads);
   * // 3 1
   * ```
   */
  classify(picture: PictureSource, options?: NodeClassifyOptions): Promise<Classification>;
  /**
   * As `Model.embed`, of a decoded picture, or of a file that `decodePicture` reads.
   * @throws as `classify`
   * @example
   * ```js
   * import { loadModel } from 'mobinet/node';
   *
   * const model = await loadModel();
   * const vector = await model.embed('samples/coffee.png', { l2Normalize: true });
   * console.log(vector.length, Math.hypot(...vector).toFixed(3));
   * // 512 1.000
   * ```
   */
  embed(picture: PictureSource, options?: NodeEmbedOptions): Promise<Float32Array>;
  /**
   * Labels for any number of pictures, in their order, as they are asked for: no more of them are
   * taken than `concurrency` (default 4) beyond what has been handed out; they are decoded side by
   * side. A picture that cannot be read is a result with an `error`, and the others go on.
   * @throws from the iterator: RuntimeError ABORTED, DISPOSED; InputError INVALID_OPTION
   * @example
   * ```js
   * import { loadModel } from 'mobinet/node';
   *
   * const model = await loadModel();
   * const files = ['samples/coffee.png', 'samples/tea.png', 'samples/chelsea.png'];
   * for await (const { picture, classification, error } of model.classifyAll(files, { topK: 1 })) {
   *   console.log(picture, classification?.predictions[0].label ?? error.code);
   * }
   * // samples/coffee.png espresso
   * // samples/tea.png FILE_NOT_FOUND
   * // samples/chelsea.png golden retriever
   * ```
   */
  classifyAll<Source extends PictureSource>(
    pictures: Pictures<Source>,
    options?: NodeClassifyAllOptions,
  ): AsyncIterableIterator<BatchResult<Source>, undefined>;
}

/**
 * Loads a model file from a path, a `file:` URL, or anything the core takes; the one that comes with
 * the package by default.
 * @throws FileError, ModelFormatError, GraphError, InputError, RuntimeError, each with a `code`
 * @example
 * ```js
 * import { loadModel } from 'mobinet/node';
 *
 * const model = await loadModel();
 * const { predictions } = await model.classify('samples/chelsea.png', { topK: 2 });
 * console.log(predictions.map(({ label }) => label));
 * // ["golden retriever","Chihuahua"]
 * model.dispose();
 * ```
 */
export async function loadModel(
  source?: ModelSource,
  options: LoadOptions = {},
): Promise<NodeModel> {
  checkOptions(options);
  for (const [name, most] of Object.entries(options.limits ?? {})) {
    checkBound(`limits.${name}`, most);
  }
  const bytes = await fileOf(source, options);
  const wasm = await kernelsOf(options.wasm);
  const model = await loadModelOn(NODE, bytes, {
    ...options,
    wasm,
    limits: options.limits ?? undefined,
  });
  const { preprocessing } = model.describe();
  const read = async (
    picture: PictureSource,
    options: ReadOptions & ViewOptions,
  ): Promise<Picture> => {
    checkOptions(options);
    const { signal, maxPixels, maxBytes, region } = options;
    checkBound('maxPixels', maxPixels);
    checkBound('maxBytes', maxBytes);
    const opened = await openPicture(picture, { signal, maxBytes });
    const enough = enoughFor(preprocessing, region);
    if (!(opened instanceof Uint8Array)) {
      checkPictureSize(opened.width, opened.height, maxPixels);
      return opened;
    }
    const decoded = await decodePicture(opened, { maxPixels, enough });
    throwIfAborted(signal);
    return decoded;
  };
  const classify: NodeModel['classify'] = async (picture, options = {}) =>
    model.classify(await read(picture, options), options);
  return {
    ...model,
    classify,
    classifyAll: (pictures, { concurrency = 4, ...options } = {}) =>
      classifyEach(pictures, concurrency, (picture) => classify(picture, options)),
    embed: async (picture, options = {}) => model.embed(await read(picture, options), options),
  };
}

/** What the core takes: of files, their bytes. */
async function fileOf(
  source: ModelSource | undefined,
  { limits, signal }: LoadOptions,
): Promise<ModelSource> {
  if (source === undefined) return readPackageFile(shippedModelUrl());
  return isFile(source) ? readModelFile(source, { limits, signal }) : source;
}

/** Kernels in files: their path or `file:` URL, or that of their folder, with a slash at its end. */
async function kernelsOf(wasm: LoadOptions['wasm']): Promise<LoadOptions['wasm']> {
  if (!isText(wasm) && !isOfKernels(wasm)) {
    throw invalidOption('wasm', wasm, 'an address, bytes, a response, a module or a function');
  }
  if (!isText(wasm) || !isFile(wasm)) return wasm;
  if (!String(wasm).endsWith('/')) return readFileBytes(wasm);
  return (build, threads) => readFileBytes(`${wasm}${wasmFile(build, threads > 1)}`);
}

function isText(source: unknown): source is string | URL {
  return typeof source === 'string' || source instanceof URL;
}

const KERNELS = [ArrayBuffer, SharedArrayBuffer, Response, WebAssembly.Module, Function];

function isOfKernels(wasm: unknown): boolean {
  return (
    wasm === undefined || ArrayBuffer.isView(wasm) || KERNELS.some((kind) => wasm instanceof kind)
  );
}

/** Whether a source names a file rather than something to fetch. */
function isFile(source: ModelSource): source is string | URL {
  if (source instanceof URL) return source.protocol === 'file:';
  return typeof source === 'string' && !/^https?:/.test(source);
}
