import type { ModelSource } from '../file/read-source.ts';
import { type LoadOptions, loadModelOn, type Model, type Platform } from '../model.ts';
import { defaultWasmUrl } from '../runtime/wasm.ts';

/** A browser's page or worker. */
export const WEB: Platform = {
  cores: () => globalThis.navigator?.hardwareConcurrency ?? 1,
  kernels: defaultWasmUrl,
  // Fetched where there are to be threads: most pages have none.
  openThreadPool: async (...plan) => (await import('./thread-pool.ts')).openThreadPool(...plan),
};

/**
 * Loads a model file and makes it ready to run.
 * @throws ModelFormatError, GraphError, InputError, RuntimeError, each with a `code`
 */
export function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
  return loadModelOn(WEB, source, options);
}
