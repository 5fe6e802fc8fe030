import { Worker } from 'node:worker_threads';
import { RuntimeError } from '../errors.ts';
import type { StartThread } from '../runtime/pool.ts';
import type { ThreadReport } from '../runtime/thread.ts';

/** Starts threads of Node; a process does not wait for them when it ends. */
export function threadStarter(threadUrl: string | URL | undefined): StartThread {
  return (start, onFailure) => {
    // The compiled neighbour of this file.
    const script = threadUrl ?? new URL('./thread-script.js', import.meta.url);
    const worker = new Worker(new URL(script), { workerData: start });
    const ready = new Promise<void>((resolve, reject) => {
      const fail = (cause: unknown) => {
        onFailure();
        reject(new RuntimeError('WORKER_FAILED', 'A thread cannot be started', { cause }));
      };
      worker.on('message', (report: ThreadReport) => {
        if (report.type === 'ready') resolve();
        else fail(new Error(report.message));
      });
      worker.on('error', fail);
      worker.on('exit', (code) => fail(new Error(`exit code ${code}`)));
    });
    const unreferenced = ready.then(() => worker.unref());
    return { ready: unreferenced, terminate: () => worker.terminate() };
  };
}
