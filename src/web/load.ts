import type { ModelSource } from '../file/read-source.ts';
import { type LoadOptions, loadModelOn, type Model, type Platform } from '../model.ts';
import { defaultWasmUrl } from '../runtime/wasm.ts';
import { threadStarter } from './start-thread.ts';

/** A browser's page or worker. */
export const WEB: Platform = {
  cores: () => globalThis.navigator?.hardwareConcurrency ?? 1,
  kernels: defaultWasmUrl,
  threadStarter,
};

/**
 * Loads a model file and makes it ready to run.
 * @throws ModelFormatError, GraphError, InputError, RuntimeError, each with a `code`
 */
export function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
  return loadModelOn(WEB, source, options);
}
