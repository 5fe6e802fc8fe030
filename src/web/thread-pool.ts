import type { ThreadReport } from '../runtime/thread.ts';
import { type OpenWorker, openThreadPoolOf } from '../runtime/thread-pool.ts';

/** A module worker, of a page or of another worker. */
const openWorker: OpenWorker = (url, start, { report, end }) => {
  const worker =
    url === undefined
      ? // The compiled neighbour of this file, in the literal form that bundlers look for.
        new Worker(new URL('./thread-script.js', import.meta.url), { type: 'module' })
      : new Worker(url, { type: 'module' });
  worker.addEventListener('message', ({ data }: MessageEvent<ThreadReport>) => report(data));
  worker.addEventListener('error', ({ message }) => end(message || 'its script cannot be loaded'));
  worker.addEventListener('messageerror', () => end('memory cannot be shared with it'));
  worker.postMessage(start);
  return () => worker.terminate();
};

export const openThreadPool = openThreadPoolOf.bind(undefined, openWorker);
