/** From a source to a model: its file and the kernels are fetched side by side, planned and put together. */

import { GraphError, MobinetError, RuntimeError } from './errors.ts';
import { openContainer, parseModelFile, verifyDigest } from './file/model-file.ts';
import { type ModelSource, readSource } from './file/read-source.ts';
import { withActivations } from './graph/activations.ts';
import type { Families } from './kernels/index.ts';
import { keptOf, type LoadOptions, type Model, openModel } from './model.ts';
import { type Plan, planGraph } from './plan/plan.ts';
import { createEngine, type Engine } from './runtime/engine.ts';
import { chooseThreads, type ThreadChoice } from './runtime/threads.ts';
import {
  type CompiledKernels,
  type KernelLocator,
  kernelsFor,
  loadKernels,
} from './runtime/wasm.ts';

/** What differs between a browser and Node. */
export interface Platform {
  /** Of the machine. */
  cores(): number;
  /** The kernels that come with this package: for one thread, or for several. */
  readonly kernels: KernelLocator;
  /** The families of kernels beside the common ones. */
  uncommonFamilies(): Promise<{ readonly UNCOMMON: Families }>;
  /**
   * An engine of several threads.
   * @param module of a build for threads
   * @param threadUrl of the threads' script, where it is not the one beside this package
   */
  openThreadPool(
    plan: Plan,
    module: WebAssembly.Module,
    threadUrl: string | URL | undefined,
  ): Promise<Engine>;
}

/** The kernels that a platform loads for these options. */
export async function loadKernelsOn(
  { kernels, cores }: Platform,
  { wasm = kernels, build = 'auto', threads = 1, signal }: LoadOptions,
): Promise<CompiledKernels> {
  return loadKernels(wasm, build, chooseThreads(threads, cores()).threads, signal);
}

/**
 * `loadModel` of a platform.
 * @param loaded the kernels for these options, where they have been loaded before
 */
export async function loadModelOn(
  platform: Platform,
  source: ModelSource,
  options: LoadOptions,
  loaded?: CompiledKernels,
): Promise<Model> {
  const { onProgress, signal, limits } = options;
  const wish = chooseThreads(options.threads ?? 1, platform.cores());
  const compiling = loaded ?? loadKernelsOn(platform, options);
  // If the model fails first, this failure is not the one to report.
  Promise.resolve(compiling).catch(() => undefined);
  const bytes = await readSource(source, { onProgress, signal, limits });
  // The digest is computed on another thread meanwhile.
  const container = openContainer(bytes);
  const verifying = verifyDigest(bytes, container);
  verifying.catch(() => undefined);
  const planModel = async () => {
    const parsed = parseModelFile(bytes, container);
    const wished = options.activations ?? options.stream ?? 'model';
    const file = { ...parsed, graph: withActivations(parsed.graph, wished) };
    const kernels = await compiling;
    const choice =
      kernels.shared || wish.threads === 1 ? wish : { threads: 1, reason: OTHER_KERNELS };
    const planWith = (uncommon?: Families) =>
      planGraph(file.graph, kernels.build, choice.threads, limits, uncommon);
    const plan = await planWithNeeded(planWith, platform);
    return { file, kernels: await kernelsFor(plan.steps, kernels), choice, plan };
  };
  const { file, kernels, choice, plan } = await planModel().catch(async (error) => {
    // Damage goes before what comes of it.
    await verifying;
    throw error;
  });
  const { engine, reason } = await openEngine(plan, kernels, choice, () =>
    platform.openThreadPool(plan, kernels.module, options.threadUrl),
  );
  return openModel(keptOf(file, plan, await verifying, engine, reason), engine);
}

const OTHER_KERNELS = 'the kernels given as `wasm` are not of a build for threads';

/** A plan with the common families of kernels, or with all where a stage has none among these. */
async function planWithNeeded(
  planWith: (uncommon?: Families) => Plan,
  { uncommonFamilies }: Platform,
): Promise<Plan> {
  try {
    return planWith();
  } catch (error) {
    if (!(error instanceof GraphError && error.code === 'STREAM_UNSUPPORTED')) throw error;
  }
  const { UNCOMMON } = await uncommonFamilies().catch((cause) => {
    throw new RuntimeError('WASM_INVALID', 'Cannot load what this model needs of the package', {
      cause,
      hint: 'is kernels/uncommon.js of mobinet/dist served?',
    });
  });
  return planWith(UNCOMMON);
}

/** The engine: on one thread where the others cannot be started. */
async function openEngine(
  plan: Plan,
  { module, shared }: CompiledKernels,
  { threads, reason }: ThreadChoice,
  openThreadPool: () => Promise<Engine>,
): Promise<{ engine: Engine; reason: string | undefined }> {
  if (threads === 1) return { engine: await createEngine(plan, module, shared), reason };
  try {
    return { engine: await openThreadPool(), reason };
  } catch (error) {
    if (error instanceof MobinetError && error.code !== 'WORKER_FAILED') throw error;
    const why = error instanceof Error ? error.message : String(error);
    return { engine: await createEngine(plan, module, shared), reason: why };
  }
}
