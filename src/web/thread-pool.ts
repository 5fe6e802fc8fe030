import type { ThreadReport } from '../runtime/thread.ts';
import { type OpenWorker, openThreadPoolOf } from '../runtime/thread-pool.ts';
import { isForeign, startModuleWorker } from './module-worker.ts';

/** A module worker, of a page or of another worker. */
const openWorker: OpenWorker = (url, start, { report, end }) => {
  const worker = workerOf(url);
  worker.addEventListener('message', ({ data }: MessageEvent<ThreadReport>) => report(data));
  worker.addEventListener('error', ({ message }) => end(message || 'its script cannot be loaded'));
  worker.addEventListener('messageerror', () => end('memory cannot be shared with it'));
  worker.postMessage(start);
  return () => worker.terminate();
};

export const openThreadPool = openThreadPoolOf.bind(undefined, openWorker);

/** In a variable: bundlers make an asset of what they find written out in `new URL`. */
const SCRIPT = 'thread-script.js';

function workerOf(url: string | URL | undefined): Worker {
  if (url !== undefined) return startModuleWorker(url);
  if (isForeign(import.meta.url)) return startModuleWorker(new URL(SCRIPT, import.meta.url));
  // The compiled neighbour of this file, in the literal form that bundlers look for.
  return new Worker(new URL('./thread-script.js', import.meta.url), { type: 'module' });
}
