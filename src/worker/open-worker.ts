import { RuntimeError } from '../errors.ts';
import { isForeign, startModuleWorker } from '../web/module-worker.ts';

export interface WorkerOptions {
  /** Address of the worker's script, where a bundler has moved it. */
  workerUrl?: string | URL | undefined;
  /** Makes the worker, where an address is not enough; goes before `workerUrl`. */
  createWorker?: (() => Worker) | undefined;
}

/** In a variable: bundlers make an asset of what they find written out in `new URL`. */
const SCRIPT = 'worker.js';

/** @throws RuntimeError WORKER_FAILED */
export function openWorker({ workerUrl, createWorker }: WorkerOptions): Worker {
  try {
    if (createWorker !== undefined) return createWorker();
    if (workerUrl !== undefined) return startModuleWorker(workerUrl);
    // From a CDN, unbundled.
    if (isForeign(import.meta.url)) return startModuleWorker(new URL(SCRIPT, import.meta.url));
    // The compiled neighbour of this file, in the literal form that bundlers look for.
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  } catch (cause) {
    throw new RuntimeError('WORKER_FAILED', 'Cannot start the worker', {
      cause,
      hint: "a Content-Security-Policy must allow it in worker-src: 'self', and blob: where its script is of another origin",
    });
  }
}
