import type { ModelSource } from '../file/read-source.ts';
import { loadModelOn, type Platform } from '../loading.ts';
import type { LoadOptions, Model } from '../model.ts';
import { WEB } from './platform.ts';

const PAGE: Platform = {
  ...WEB,
  uncommonFamilies: () => import('../kernels/uncommon.ts'),
  // Fetched where there are to be threads: most pages have none.
  openThreadPool: async (...plan) => (await import('./thread-pool.ts')).openThreadPool(...plan),
};

/**
 * Loads a model file and makes it ready to run.
 * @throws ModelFormatError, GraphError, InputError, RuntimeError, each with a `code`
 * @example
 * ```js
 * import { loadModel } from 'mobinet';
 *
 * const model = await loadModel('/models/mobinet-mid-k3-w50-64.safetensors');
 * console.log(model.labels.length, model.describe().input);
 * // 200 [3,64,64]
 * model.dispose();
 * ```
 */
export function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
  return loadModelOn(PAGE, source, options);
}
