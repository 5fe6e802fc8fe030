import { availableParallelism } from 'node:os';
import { checkOptions, invalidOption } from '../errors.ts';
import type { ModelSource } from '../file/read-source.ts';
import type { Picture } from '../image/picture.ts';
import type { ViewOptions } from '../image/view.ts';
import { wasmFile } from '../kernels/builds.ts';
import {
  type Classification,
  type ClassifyOptions,
  type EmbedOptions,
  type LoadOptions,
  loadModelOn,
  type Model,
  type Platform,
} from '../model.ts';
import { defaultWasmUrl } from '../runtime/wasm.ts';
import { decodePicture, enoughFor } from './decode.ts';
import { defaultModelUrl } from './default-model.ts';
import { openPicture, type PictureSource, throwIfAborted } from './picture-source.ts';
import { readFileBytes } from './read-file.ts';
import { openThreadPool } from './thread-pool.ts';

const NODE: Platform = {
  cores: availableParallelism,
  kernels: (build, threads) => readFileBytes(defaultWasmUrl(build, threads)),
  openThreadPool,
};

/** How Node reads a picture. */
export interface ReadOptions {
  /** Rejects with ABORTED; a picture that is being fetched or read is let go. */
  signal?: AbortSignal | undefined;
  /** Pictures of more pixels are refused before memory is taken for them; default 2^28. */
  maxPixels?: number | undefined;
}

export interface NodeClassifyOptions extends ClassifyOptions, ReadOptions {}

export interface NodeEmbedOptions extends EmbedOptions, ReadOptions {}

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
  source: ModelSource = defaultModelUrl(),
  options: LoadOptions = {},
): Promise<NodeModel> {
  checkOptions(options);
  const bytes = isFile(source) ? await readFileBytes(source) : source;
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
    const { signal, maxPixels, region } = options;
    const opened = await openPicture(picture, signal);
    const enough = enoughFor(preprocessing, region);
    const decoded =
      opened instanceof Uint8Array ? await decodePicture(opened, { maxPixels, enough }) : opened;
    throwIfAborted(signal);
    return decoded;
  };
  return {
    ...model,
    classify: async (picture, options = {}) =>
      model.classify(await read(picture, options), options),
    embed: async (picture, options = {}) => model.embed(await read(picture, options), options),
  };
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
