import { RuntimeError } from '../errors.ts';
import { isForeign, startModuleWorker } from '../web/module-worker.ts';

export interface WorkerOptions {
  /** Address of the worker's script, where a bundler has moved it. */
  workerUrl?: string | URL | undefined;
  /** Makes the worker, where an address is not enough; goes before `workerUrl`. */
  createWorker?: (() => Worker) | undefined;
}

/**
 * @param severalThreads whether the model may run on more than the worker's own thread
 * @throws RuntimeError WORKER_FAILED
 */
export function openWorker(
  { workerUrl, createWorker }: WorkerOptions,
  severalThreads: boolean,
): Worker {
  try {
    if (createWorker !== undefined) return createWorker();
    if (workerUrl !== undefined) return startModuleWorker(workerUrl);
    if (isForeign(import.meta.url)) {
      // From a CDN, unbundled. In a variable, as bundlers make an asset of a literal.
      const script = severalThreads ? 'threads-worker.js' : 'worker.js';
      return startModuleWorker(new URL(script, import.meta.url));
    }
    // Compiled neighbours of this file, in the literal form that bundlers look for.
    return severalThreads
      ? new Worker(new URL('./threads-worker.js', import.meta.url), { type: 'module' })
      : new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  } catch (cause) {
    throw new RuntimeError('WORKER_FAILED', 'Cannot start the worker', {
      cause,
      hint: 'a Content-Security-Policy must allow it in worker-src; a script of another origin must send CORS headers, and its origin and blob: must be allowed there',
    });
  }
}
