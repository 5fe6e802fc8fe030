import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { RuntimeError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { Engine } from '../runtime/engine.ts';
import type { ThreadReport } from '../runtime/thread.ts';
import { createThreadPool, type StartThread } from '../runtime/thread-pool.ts';

/** An engine whose threads are Node's; a process does not wait for them when it ends. */
export function openThreadPool(
  plan: Plan,
  module: WebAssembly.Module,
  threadUrl: string | URL | undefined,
): Promise<Engine> {
  return createThreadPool(plan, module, threadStarter(threadUrl));
}

function threadStarter(threadUrl: string | URL | undefined): StartThread {
  return (start, onFailure) => {
    // Without the flags of the process: some are not for scripts in files.
    const worker = new Worker(scriptOf(threadUrl), { workerData: start, execArgv: [] });
    const ready = new Promise<void>((resolve, reject) => {
      const fail = (reason: string) => {
        onFailure();
        reject(new RuntimeError('WORKER_FAILED', `a thread cannot be started: ${reason}`));
      };
      worker.on('message', (report: ThreadReport) => {
        if (report.type === 'failure') return fail(report.message);
        worker.unref();
        resolve();
      });
      worker.on('error', (error) => fail(error instanceof Error ? error.message : String(error)));
      worker.on('exit', (code) => fail(`exit code ${code}`));
    });
    return { ready, terminate: () => worker.terminate() };
  };
}

function scriptOf(threadUrl: string | URL | undefined): URL {
  // The compiled neighbour of this file.
  if (threadUrl === undefined) return new URL('./thread-script.js', import.meta.url);
  const isUrl = threadUrl instanceof URL || threadUrl.startsWith('file:');
  return isUrl ? new URL(threadUrl) : pathToFileURL(threadUrl);
}
