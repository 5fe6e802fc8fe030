/**
 * The entry of `dist/mobinet.min.js`: everything for a page in one file, which is also the script of
 * its own worker and of that one's threads, told apart by the fragment of the address.
 */

import type { ModelSource } from '../file/read-source.ts';
import { serveThread, type ThreadStart } from '../runtime/thread.ts';
import { openThreadPool } from '../web/thread-pool.ts';
import {
  type Classifier,
  type ClassifierOptions,
  createClassifier as createClassifierOf,
} from '../worker/classifier.ts';
import { type Port, serve } from '../worker/serve.ts';
import { uncommonFamilies } from '../worker/uncommon-families.ts';

export * from '../index.ts';
export type { Classifier, ClassifierOptions, ClassifyPictureOptions } from '../worker/index.ts';
export { clearModelCache } from '../worker/model-cache.ts';

// Not `import.meta.url`, which the build replaces: the kernels are looked for beside this file.
const { url } = import.meta;
const [address, role] = url.split('#');

/** As `createClassifier` of `mobinet/worker`. */
export function createClassifier(
  model: ModelSource,
  options: ClassifierOptions = {},
): Promise<Classifier> {
  return createClassifierOf(model, {
    workerUrl: `${address}#worker`,
    threadUrl: `${address}#thread`,
    ...options,
  });
}

if (role === 'worker') serve(globalThis as unknown as Port, openThreadPool, uncommonFamilies);
if (role === 'thread') {
  globalThis.addEventListener('message', ({ data }: MessageEvent<ThreadStart>) => {
    serveThread(data, (report) => globalThis.postMessage(report));
  });
}
