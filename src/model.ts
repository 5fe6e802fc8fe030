import { InputError, RuntimeError } from './errors.ts';
import {
  type DigestState,
  type ModelFile,
  parseModelFile,
  verifyDigest,
} from './file/model-file.ts';
import { type LoadProgress, type ModelSource, readSource } from './file/read-source.ts';
import { graphCost } from './graph/cost.ts';
import type { Picture, Preprocessing } from './image/picture.ts';
import { preprocess } from './image/preprocess.ts';
import type { Build } from './plan/kernels.ts';
import { type Plan, planGraph } from './plan/plan.ts';
import { createEngine, type Engine, type StepTime } from './runtime/engine.ts';
import { chooseBuild, probeFeatures } from './runtime/features.ts';
import { compileKernels, defaultWasmUrl, type WasmSource } from './runtime/wasm.ts';
import { topK as bestOf, softmax } from './top-k.ts';

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
  /** Resize, crop, normalise. */
  readonly preprocess: number;
  /** The network. */
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
  topK?: number | undefined;
}

export interface LoadOptions {
  /** The kernels: `auto` takes the fastest build that the engine supports. Default `auto`. */
  build?: Build | 'auto' | undefined;
  /** Where the kernels come from; by default the file beside this package. */
  wasm?: WasmSource | undefined;
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
  /** One a class. */
  readonly labels: readonly string[];
  /** Identifiers of the classes (WordNet ids), where the model file has them. */
  readonly labelIds: readonly string[] | undefined;
  readonly build: Build;
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
  /** Time by step of one run, in order. */
  profile(input?: Float32Array): Promise<StepTime[]>;
  describe(): ModelDescription;
  /** Frees the WebAssembly memory; every later call throws DISPOSED. May be called twice. */
  dispose(): void;
}

/**
 * Loads a model file and makes it ready to run.
 * @throws ModelFormatError, GraphError, RuntimeError, each with a `code`
 */
export async function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
  const { onProgress, signal } = options;
  const build = chooseBuild(probeFeatures(), options.build ?? 'auto');
  const compiling = compileKernels(options.wasm ?? defaultWasmUrl(build), signal);
  // If the model fails first, this failure is not the one to report.
  compiling.catch(() => undefined);
  const bytes = await readSource(source, { onProgress, signal });
  // The digest is computed on another thread meanwhile.
  const verifying = verifyDigest(bytes);
  let file: ModelFile;
  let plan: Plan;
  try {
    file = parseModelFile(bytes);
    plan = planGraph(file.graph, build);
  } catch (error) {
    // Where the file is damaged, that is what to report.
    await verifying;
    throw error;
  }
  const [digest, engine] = await Promise.all([
    verifying,
    compiling.then((module) => createEngine(plan, module)),
  ]);
  return openModel(file, digest, plan, engine);
}

function openModel(file: ModelFile, digest: DigestState, plan: Plan, engine: Engine): Model {
  let live: Engine | undefined = engine;
  const { memoryBytes } = engine;
  const running = (): Engine => {
    if (live !== undefined) return live;
    throw new RuntimeError('DISPOSED', `The model ${file.name} has been disposed of`, {
      hint: 'load it again',
    });
  };
  const runChecked = (input: Float32Array): Float32Array => {
    checkInput(input, file.graph.input.shape);
    return running().run(input);
  };

  return {
    name: file.name,
    labels: file.labels,
    labelIds: file.labelIds,
    build: plan.build,
    async classify(picture, { topK = 5 } = {}) {
      running();
      checkTopK(topK, file.labels.length);
      const begin = performance.now();
      const input = preprocess(picture, file.preprocessing);
      const prepared = performance.now();
      const logits = running().run(input);
      const ran = performance.now();
      const scores = softmax(logits, file.temperature);
      const predictions = bestOf(scores, topK).map(({ index, score }) => ({
        index,
        label: file.labels[index]!,
        score,
      }));
      const timings = {
        preprocess: prepared - begin,
        run: ran - prepared,
        total: performance.now() - begin,
      };
      return { predictions, timings };
    },
    run: async (input) => runChecked(input),
    async profile(input = new Float32Array(plan.input.length)) {
      checkInput(input, file.graph.input.shape);
      return running().profile(input);
    },
    describe() {
      const { flops, binaryMacs, params, bits } = graphCost(file.graph);
      return {
        name: file.name,
        formatVersion: file.formatVersion,
        build: plan.build,
        input: file.graph.input.shape,
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
    },
    dispose() {
      live = undefined;
    },
  };
}

function checkTopK(topK: number, classes: number): void {
  if (Number.isInteger(topK) && topK >= 1 && topK <= classes) return;
  throw new InputError('INVALID_OPTION', `topK is ${topK}`, {
    hint: `a whole number from 1 to ${classes}`,
  });
}

function checkInput(input: Float32Array, shape: readonly [number, number, number]): void {
  const length = shape[0] * shape[1] * shape[2];
  if (input.length !== length) {
    throw new InputError('INPUT_SHAPE', `The input has ${input.length} numbers, not ${length}`, {
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
