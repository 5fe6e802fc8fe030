import { RuntimeError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { Engine } from '../runtime/engine.ts';
import type { ThreadReport } from '../runtime/thread.ts';
import { createThreadPool, type StartThread } from '../runtime/thread-pool.ts';
import { isForeign, startModuleWorker } from './module-worker.ts';

/** An engine whose threads are module workers, of a page or of another worker. */
export function openThreadPool(
  plan: Plan,
  module: WebAssembly.Module,
  threadUrl: string | URL | undefined,
): Promise<Engine> {
  return createThreadPool(plan, module, threadStarter(threadUrl));
}

function threadStarter(threadUrl: string | URL | undefined): StartThread {
  return (start, onFailure) => {
    const worker = openWorker(threadUrl);
    const ready = new Promise<void>((resolve, reject) => {
      const fail = (reason: string) => {
        onFailure();
        reject(new RuntimeError('WORKER_FAILED', `a thread cannot be started: ${reason}`));
      };
      worker.addEventListener('message', ({ data: report }: MessageEvent<ThreadReport>) => {
        if (report.type === 'ready') resolve();
        else fail(report.message);
      });
      worker.addEventListener('error', ({ message }) =>
        fail(message || 'its script cannot be loaded'),
      );
      worker.addEventListener('messageerror', () => fail('memory cannot be shared with it'));
      worker.postMessage(start);
    });
    return { ready, terminate: () => worker.terminate() };
  };
}

/** In a variable: bundlers make an asset of what they find written out in `new URL`. */
const SCRIPT = 'thread-script.js';

function openWorker(threadUrl: string | URL | undefined): Worker {
  try {
    if (threadUrl !== undefined) return startModuleWorker(threadUrl);
    if (isForeign(import.meta.url)) return startModuleWorker(new URL(SCRIPT, import.meta.url));
    // The compiled neighbour of this file, in the literal form that bundlers look for.
    return new Worker(new URL('./thread-script.js', import.meta.url), { type: 'module' });
  } catch (cause) {
    throw new RuntimeError('WORKER_FAILED', `a thread cannot be started: ${cause}`, { cause });
  }
}
