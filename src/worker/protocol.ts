/** What the page and the worker say to each other. */

import type { ActivationsWish } from '../graph/activations.ts';
import type { Picture } from '../image/picture.ts';
import type { Build } from '../kernels/builds.ts';
import type { Classification, ClassifyOptions, EmbedOptions, ModelDescription } from '../model.ts';
import type { Limits } from '../plan/budget.ts';
import type { StepTime } from '../runtime/engine.ts';
import type { ThreadWish } from '../runtime/threads.ts';
import type { PackedError } from './packed-error.ts';

/** A picture that can be posted. */
export type PostedPicture = Picture | ImageBitmap | VideoFrame | PictureFile;

/** A file, to be decoded. */
interface PictureFile {
  readonly file: Blob;
  /** Of EXIF, 1 to 8, where the browser does not see to it. */
  readonly orientation: number;
}

export interface PrepareArgument {
  readonly build: Build | 'auto';
  /** An absolute address, the content, or the module; by default the file beside the worker. */
  readonly wasm: string | BufferSource | WebAssembly.Module | undefined;
  readonly activations: ActivationsWish;
  readonly threads: ThreadWish;
  readonly limits: Limits | undefined;
  /** An absolute address; by default the file beside this package. */
  readonly threadUrl: string | undefined;
}

/** Where a model that was loaded is kept for the next visit. */
export interface Keeping {
  readonly cacheName: string;
  readonly address: string;
  /** What the server calls this state of it. */
  readonly etag?: string | null | undefined;
}

export interface LoadArgument {
  /** The model file. */
  readonly bytes: Uint8Array;
  /** Undefined where it is kept already, or is not to be. */
  readonly keeping: Keeping | undefined;
}

export interface LoadedModel {
  readonly labels: readonly string[];
  readonly labelIds: readonly string[] | undefined;
  readonly description: ModelDescription;
}

interface PictureArgument {
  readonly picture: PostedPicture;
  readonly maxPixels?: number | undefined;
}

export interface ClassifyArgument extends ClassifyOptions, PictureArgument {}

export interface EmbedArgument extends EmbedOptions, PictureArgument {}

/** What the worker can be asked, and its responses. */
export interface Calls {
  /** Compiles the kernels, while the model is on its way. */
  prepare: { argument: PrepareArgument; result: undefined };
  /** Only after `prepare`. */
  load: { argument: LoadArgument; result: LoadedModel };
  classify: { argument: ClassifyArgument; result: Classification };
  embed: { argument: EmbedArgument; result: Float32Array };
  profile: { argument: undefined; result: StepTime[] };
  /** Whether it is there. */
  ping: { argument: undefined; result: undefined };
}

export type CallName = keyof Calls;

/** A question; `id` is unique within a worker. */
export type Request = {
  [Name in CallName]: {
    readonly call: Name;
    readonly id: number;
    readonly argument: Calls[Name]['argument'];
  };
}[CallName];

export type Reply =
  | { readonly type: 'response'; readonly id: number; readonly result: Calls[CallName]['result'] }
  | { readonly type: 'failure'; readonly id: number; readonly error: PackedError };
