import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ThreadReport } from '../runtime/thread.ts';
import { type OpenWorker, openThreadPoolOf } from '../runtime/thread-pool.ts';

/** A thread of Node; a process does not wait for it when it ends. */
const openWorker: OpenWorker = (url, start, { report, end }) => {
  // Without the flags of the process: some are not for scripts in files.
  const worker = new Worker(scriptOf(url), { workerData: start, execArgv: [] });
  worker.on('message', (said: ThreadReport) => {
    if (said.type === 'ready') worker.unref();
    report(said);
  });
  worker.on('error', (error) => end(error instanceof Error ? error.message : String(error)));
  worker.on('exit', (code) => end(`exit code ${code}`));
  return () => worker.terminate();
};

function scriptOf(url: string | URL | undefined): URL {
  // The compiled neighbour of this file.
  if (url === undefined) return new URL('./thread-script.js', import.meta.url);
  const isUrl = url instanceof URL || url.startsWith('file:');
  return isUrl ? new URL(url) : pathToFileURL(url);
}

export const openThreadPool = openThreadPoolOf.bind(undefined, openWorker);
