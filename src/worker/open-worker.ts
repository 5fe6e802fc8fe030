import { RuntimeError } from '../errors.ts';

export interface WorkerOptions {
  /** Address of the worker's script, where a bundler has moved it. */
  workerUrl?: string | URL | undefined;
  /** Makes the worker, where an address is not enough; goes before `workerUrl`. */
  createWorker?: (() => Worker) | undefined;
}

/** @throws RuntimeError WORKER_FAILED */
export function openWorker({ workerUrl, createWorker }: WorkerOptions): Worker {
  try {
    if (createWorker !== undefined) return createWorker();
    if (workerUrl !== undefined) return new Worker(workerUrl, { type: 'module' });
    // The compiled neighbour of this file, in the literal form that bundlers look for.
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  } catch (cause) {
    throw new RuntimeError('WORKER_FAILED', 'Cannot start the worker', {
      cause,
      hint: "its script must be of the page's origin, and allowed by worker-src of a Content-Security-Policy",
    });
  }
}
