import { RuntimeError } from '../errors.ts';
import { isForeign, startModuleWorker } from '../web/module-worker.ts';
import { WORKER_POLICY_HINT } from './connection.ts';

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
      hint: hintOf(cause),
    });
  }
}

function hintOf(cause: unknown): string {
  if (typeof Worker !== 'function') {
    return 'there are none here, as in a service worker: use loadModel of mobinet';
  }
  return cause instanceof DOMException && cause.name === 'SecurityError'
    ? WORKER_POLICY_HINT
    : String(cause);
}
