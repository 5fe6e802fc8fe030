import { InputError, RuntimeError } from './errors.ts';
import type { DigestState, ModelFile } from './file/model-file.ts';
import type { LoadProgress } from './file/read-source.ts';
import { type Activations, type ActivationsWish, activationsOf } from './graph/activations.ts';
import { graphCost } from './graph/cost.ts';
import { type Background, compose } from './image/compose.ts';
import type { Picture, Preprocessing } from './image/picture.ts';
import { preprocess } from './image/preprocess.ts';
import { type ViewOptions, view } from './image/view.ts';
import { showJson } from './json.ts';
import type { Build } from './kernels/builds.ts';
import type { Limits } from './plan/budget.ts';
import type { Plan } from './plan/plan.ts';
import { openPredictions, type Prediction, type PredictionOptions } from './predictions.ts';
import type { Engine, StepTime } from './runtime/engine.ts';
import type { ThreadWish } from './runtime/threads.ts';
import type { WasmLocator, WasmSource } from './runtime/wasm.ts';
import { softmax } from './top-k.ts';

/** Wall-clock times in milliseconds. */
export interface Timings {
  /** Resize, crop, normalise. */
  readonly preprocess: number;
  /** The network. */
  readonly run: number;
  readonly total: number;
}

export interface Classification {
  /** Those asked for, highest score first; equal scores in order of index. */
  readonly predictions: Prediction[];
  readonly timings: Timings;
  /** Threads that ran the network. */
  readonly threads: number;
}

/** How a picture is looked at. */
export interface PictureOptions extends ViewOptions {
  /**
   * The colour that a transparent picture lies on, red, green, blue of 0 to 255; `none` leaves its
   * colours as they are. Default white.
   */
  background?: Background | 'none' | undefined;
}

export interface EmbedOptions extends PictureOptions {
  /** Scale the vector to length 1, so that products are cosines. Default false. */
  l2Normalize?: boolean | undefined;
}

export interface ClassifyOptions extends PictureOptions, PredictionOptions {}

/** @deprecated Use `ActivationsWish`. */
export type StreamWish = Exclude<ActivationsWish, 'int16'>;

export interface LoadOptions {
  /** The build of the kernels; `auto` takes the fastest that the engine supports. Default `auto`. */
  build?: Build | 'auto' | undefined;
  /**
   * Where the kernels come from; by default the files beside this package. An address that ends with
   * a slash is a folder with the .wasm files of this package; a function is asked for the build and
   * the number of threads. Of one binary, `build: 'auto'` runs the build that it is. One that is named
   * `-common` has the kernels of MoBiNet with int16 activations only.
   */
  wasm?: WasmSource | WasmLocator | undefined;
  /**
   * How many threads run the network, 1 to 16; `auto`: as many as there are cores, at most 4.
   * Default 1. In a page several take cross-origin isolation; where they cannot be had there is one,
   * and `describe()` says why. The logits are the same bits.
   */
  threads?: ThreadWish | undefined;
  /** Address of the threads' script, where a bundler has moved it. */
  threadUrl?: string | URL | undefined;
  /**
   * The type of the feature maps. `float32` keeps them as in training even where the model asks for
   * int16: slower, and the logits are PyTorch's. Default `model`: as the model file asks.
   */
  activations?: ActivationsWish | undefined;
  /** @deprecated Earlier name of `activations`, which goes before it. */
  stream?: StreamWish | undefined;
  /**
   * What the model may take, so that a small file cannot ask for all memory and time there is; each
   * has a default, which classifiers of pictures stay far below.
   */
  limits?: Limits | undefined;
  /** Called while the model is fetched. */
  onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Aborts the loading; the promise rejects with the code ABORTED. */
  signal?: AbortSignal | undefined;
}

/** What a loaded model is and what it takes. */
export interface ModelDescription {
  readonly name: string;
  readonly formatVersion: string;
  /** Which kernels run it. */
  readonly build: Build;
  /** Threads that run it, the calling one included. */
  readonly threads: number;
  /** Why there are fewer than asked for; undefined where there are not. */
  readonly threadsReason: string | undefined;
  /** The type of the feature maps. */
  readonly activations: Activations;
  /** @deprecated Earlier name of `activations`. */
  readonly stream: Activations;
  /** `[channels, height, width]`. */
  readonly input: readonly [number, number, number];
  readonly classes: number;
  readonly preprocessing: Preprocessing;
  /** `unavailable` where the page is not a secure context and cannot compute it. */
  readonly digest: DigestState;
  readonly provenance: Readonly<Record<string, unknown>>;
  /** Bytes of the model file. */
  readonly fileBytes: number;
  /** Multiply-adds as the paper counts them: float ones, and binary ones / 64. */
  readonly flops: number;
  readonly binaryMacs: number;
  readonly params: number;
  /** Bits that the parameters take. */
  readonly bits: number;
  /** Bytes of WebAssembly memory, and of those: weights and tables, values at the fullest moment. */
  readonly memoryBytes: number;
  readonly constantBytes: number;
  readonly arenaBytes: number;
}

/** A loaded network, ready to run. Several may live side by side. */
export interface Model {
  readonly name: string;
  /** By class index. */
  readonly labels: readonly string[];
  /** Identifiers of the classes (WordNet ids), where the model file has them. */
  readonly labelIds: readonly string[] | undefined;
  readonly build: Build;
  /**
   * Labels for a picture: resize, crop and normalise as in training, run, softmax, top-k.
   * @throws InputError PICTURE_SIZE, INVALID_OPTION; RuntimeError DISPOSED, LOGITS_NOT_FINITE
   * @example
   * ```js
   * import { loadModel } from 'mobinet';
   *
   * const model = await loadModel('/models/mobinet-mid-k3-w50-64.safetensors');
   * const { predictions } = await model.classify(new ImageData(64, 64), { topK: 3 });
   * console.log(predictions.length, predictions[0].score > predictions[2].score);
   * // 3 true
   * ```
   */
  classify(picture: Picture, options?: ClassifyOptions): Promise<Classification>;
  /**
   * The feature vector of a picture: what the network's last layer reads where that is a dense one, else
   * its logits. Alike pictures have vectors of a small angle (`cosineSimilarity`).
   * @returns a float32 per feature
   * @throws as `classify`
   * @example
   * ```js
   * import { loadModel } from 'mobinet';
   *
   * const model = await loadModel('/models/mobinet-mid-k3-w50-64.safetensors');
   * const vector = await model.embed(new ImageData(64, 64), { l2Normalize: true });
   * console.log(vector.length, Math.hypot(...vector).toFixed(3));
   * // 512 1.000
   * ```
   */
  embed(picture: Picture, options?: EmbedOptions): Promise<Float32Array>;
  /**
   * Logits of a preprocessed input.
   * @param input float32 `[3, H, W]`, row-major, all finite
   * @returns a float32 per class; softmax(logits / temperature) are the scores
   * @throws InputError INPUT_SHAPE, INPUT_NOT_FINITE; RuntimeError DISPOSED, LOGITS_NOT_FINITE
   * @example
   * ```js
   * import { loadModel } from 'mobinet/node';
   *
   * const model = await loadModel();
   * const logits = await model.run(new Float32Array(3 * 64 * 64));
   * console.log(logits.length, logits.every(Number.isFinite));
   * // 200 true
   * ```
   */
  run(input: Float32Array): Promise<Float32Array>;
  /**
   * Time by step of one run, in order.
   * @param input as for `run`; zeros by default
   * @throws InputError INPUT_SHAPE, INPUT_NOT_FINITE; RuntimeError DISPOSED
   * @example
   * ```js
   * import { loadModel } from 'mobinet/node';
   *
   * const model = await loadModel();
   * const [first] = await model.profile();
   * console.log(first.value, typeof first.kernel, first.milliseconds < 1000);
   * // stem.relu string true
   * ```
   */
  profile(input?: Float32Array): Promise<StepTime[]>;
  /**
   * What the model is, and what it takes; also after `dispose`.
   * @example
   * ```js
   * import { loadModel } from 'mobinet/node';
   *
   * const { input, classes, activations, digest } = (await loadModel()).describe();
   * console.log(input, classes, activations, digest);
   * // [3,64,64] 200 float32 verified
   * ```
   */
  describe(): ModelDescription;
  /**
   * Ends the threads and frees the WebAssembly memory; every later call throws DISPOSED. May be
   * called twice.
   * @example
   * ```js
   * import { loadModel } from 'mobinet/node';
   *
   * const model = await loadModel();
   * model.dispose();
   * await model.profile().catch(({ code }) => console.log(code));
   * // DISPOSED
   * ```
   */
  dispose(): void;
}

/**
 * What a model keeps of its file and its plan. Neither the graph, whose tensors are the file's bytes,
 * nor the plan, which has the constants: both are in WebAssembly memory by now.
 */
export type Kept = Omit<ModelFile, 'graph'> & {
  readonly description: ModelDescription;
  /** The layer that makes the logits. */
  readonly output: string;
};

/** @param threadsReason why there are fewer threads than asked for */
export function keptOf(
  { graph, ...file }: ModelFile,
  plan: Plan,
  digest: DigestState,
  { memoryBytes, threads }: Engine,
  threadsReason: string | undefined,
): Kept {
  const { flops, binaryMacs, params, bits } = graphCost(graph);
  const activations = activationsOf(graph);
  const description: ModelDescription = {
    name: file.name,
    formatVersion: file.formatVersion,
    build: plan.build,
    threads,
    threadsReason,
    activations,
    stream: activations,
    input: graph.input.shape,
    classes: file.labels.length,
    preprocessing: file.preprocessing,
    digest,
    provenance: file.provenance,
    fileBytes: file.byteLength,
    flops,
    binaryMacs,
    params,
    bits,
    memoryBytes,
    constantBytes: plan.constantBytes,
    arenaBytes: plan.arenaBytes,
  };
  return { ...file, description, output: graph.output };
}

export function openModel({ description, output, ...file }: Kept, engine: Engine): Model {
  let live: Engine | undefined = engine;
  const { threads, build, input: shape } = description;
  const running = (): Engine => {
    if (live !== undefined) return live;
    throw new RuntimeError('DISPOSED', `The model ${file.name} has been disposed of`, {
      hint: 'load it again',
    });
  };
  const inputOf = (picture: Picture, options: PictureOptions): Float32Array =>
    preprocess(view(compose(picture, options.background), options), file.preprocessing);
  const run = (input: Float32Array): Float32Array => {
    const logits = running().run(input);
    checkLogits(logits, output);
    return logits;
  };

  return {
    name: file.name,
    labels: file.labels,
    labelIds: file.labelIds,
    build,
    async classify(picture, options = {}) {
      running();
      const predictionsOf = openPredictions(file, options);
      const begin = performance.now();
      const input = inputOf(picture, options);
      const prepared = performance.now();
      const logits = run(input);
      const ran = performance.now();
      const predictions = predictionsOf(softmax(logits, file.temperature));
      const timings = {
        preprocess: prepared - begin,
        run: ran - prepared,
        total: performance.now() - begin,
      };
      return { predictions, timings, threads };
    },
    async embed(picture, options = {}) {
      const features = running().run(inputOf(picture, options), 'features');
      const length = (options.l2Normalize && Math.hypot(...features)) || 1;
      return features.map((feature) => feature / length);
    },
    async run(input) {
      checkInput(input, shape);
      return run(input);
    },
    async profile(input = new Float32Array(shape[0] * shape[1] * shape[2])) {
      checkInput(input, shape);
      return running().profile(input);
    },
    describe: () => ({ ...description }),
    dispose() {
      live?.dispose();
      live = undefined;
    },
  };
}

/** A score of such logits would be NaN, or look sound. */
function checkLogits(logits: Float32Array, output: string): void {
  const bad = logits.find((logit) => !Number.isFinite(logit));
  if (bad === undefined) return;
  throw new RuntimeError('LOGITS_NOT_FINITE', `The layer ${output} makes ${bad}`, {
    hint: 'numbers overflow float32',
  });
}

function checkInput(input: Float32Array, shape: readonly [number, number, number]): void {
  const length = shape[0] * shape[1] * shape[2];
  if (input?.length !== length) {
    const given = showJson(input?.length);
    throw new InputError('INPUT_SHAPE', `The input has ${given} numbers, not ${length}`, {
      hint: `a Float32Array of [${shape.join(', ')}], row-major`,
    });
  }
  // A loop, not findIndex: as long as a layer otherwise.
  for (let at = 0; at < length; at++) {
    if (Number.isFinite(input[at])) continue;
    throw new InputError('INPUT_NOT_FINITE', `The input has ${input[at]} at index ${at}`, {
      hint: 'every number must be finite',
    });
  }
}
