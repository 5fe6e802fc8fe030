import { availableParallelism } from 'node:os';
import type { ModelSource } from '../file/read-source.ts';
import type { Picture } from '../image/picture.ts';
import { wasmFile } from '../kernels/builds.ts';
import {
  type Classification,
  type ClassifyOptions,
  type LoadOptions,
  loadModelOn,
  type Model,
  type Platform,
} from '../model.ts';
import { defaultWasmUrl } from '../runtime/wasm.ts';
import { decodePicture } from './decode.ts';
import { defaultModelUrl } from './default-model.ts';
import { readFileBytes } from './read-file.ts';
import { openThreadPool } from './thread-pool.ts';

const NODE: Platform = {
  cores: availableParallelism,
  kernels: (build, threads) => readFileBytes(defaultWasmUrl(build, threads)),
  openThreadPool,
};

/** A picture as Node has it: decoded, or a PNG, JPEG or WebP file by path, URL or bytes. */
export type PictureSource = Picture | string | URL | Uint8Array;

/** A model that also decodes pictures. */
export interface NodeModel extends Omit<Model, 'classify'> {
  /**
   * As `Model.classify`, of a decoded picture, or of a PNG, JPEG or WebP.
   * @throws FileError FILE_NOT_FOUND, FILE_UNREADABLE; InputError PICTURE_DECODE and others
   */
  classify(picture: PictureSource, options?: ClassifyOptions): Promise<Classification>;
}

/**
 * Loads a model file from a path, a `file:` URL, or anything the core takes; the one that comes with
 * the package by default.
 */
export async function loadModel(
  source: ModelSource = defaultModelUrl(),
  options: LoadOptions = {},
): Promise<NodeModel> {
  const bytes = isFile(source) ? await readFileBytes(source) : source;
  const wasm = await kernelsOf(options.wasm);
  const model = await loadModelOn(NODE, bytes, { ...options, wasm });
  return {
    ...model,
    async classify(picture, classifyOptions) {
      return model.classify(await pictureOf(picture), classifyOptions);
    },
  };
}

/** Kernels in files: their path or `file:` URL, or that of their folder, with a slash at its end. */
async function kernelsOf(wasm: LoadOptions['wasm']): Promise<LoadOptions['wasm']> {
  if (!(typeof wasm === 'string' || wasm instanceof URL) || !isFile(wasm)) return wasm;
  if (!String(wasm).endsWith('/')) return readFileBytes(wasm);
  return (build, threads) => readFileBytes(`${wasm}${wasmFile(build, threads > 1)}`);
}

async function pictureOf(source: PictureSource): Promise<Picture> {
  if (typeof source === 'string' || source instanceof URL) {
    return decodePicture(await readFileBytes(source));
  }
  return source instanceof Uint8Array ? decodePicture(source) : source;
}

/** Whether a source names a file rather than something to fetch. */
function isFile(source: ModelSource): source is string | URL {
  if (source instanceof URL) return source.protocol === 'file:';
  return typeof source === 'string' && !/^https?:/.test(source);
}
