import { Worker } from 'node:worker_threads';
import { RuntimeError } from '../errors.ts';
import type { ActivationsWish } from '../graph/activations.ts';
import type { Build } from '../kernels/builds.ts';
import type { NodeClassifyOptions } from '../node/load.ts';
import type { Limits } from '../plan/budget.ts';
import type { PictureResult } from './classify.ts';
import type { PictureFailure } from './picture-failure.ts';
import type { Change } from './steadiness.ts';

/** What a worker starts with. */
export interface ClassifyWorkerData {
  readonly modelBytes: Uint8Array;
  readonly activations: ActivationsWish;
  readonly build: Build | 'auto';
  readonly limits: Limits | undefined;
  readonly options: NodeClassifyOptions;
  /** Whether to find out as well which changes of the picture change its label. */
  readonly steadiness?: boolean;
}

/** A picture for a worker: a path, and its index in the caller's list. */
export interface ClassifyTask {
  readonly index: number;
  readonly path: string;
}

/** What became of it. */
export type ClassifyResponse = {
  readonly index: number;
  readonly changes?: readonly Change[] | undefined;
} & (PictureResult | PictureFailure);

/** One is decoded while the other runs. */
const TASKS_AHEAD = 2;

/**
 * Classifies pictures on several threads.
 * @param onResponse called once a picture, in whatever order they are done; a thread gets its next
 * picture after it
 * @throws RuntimeError WORKER_FAILED where a thread dies
 */
export async function classifyOnThreads(
  paths: readonly string[],
  data: ClassifyWorkerData,
  threads: number,
  onResponse: (response: ClassifyResponse) => void | Promise<void>,
): Promise<void> {
  const tasks = paths.entries();
  const workers = Array.from(
    { length: Math.min(threads, paths.length) },
    // The compiled neighbour of this file.
    () => new Worker(new URL('./classify-worker.js', import.meta.url), { workerData: data }),
  );
  try {
    await Promise.all(workers.map((worker) => drain(worker, tasks, onResponse)));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Gives a worker tasks until there are no more and all its responses are in. */
function drain(
  worker: Worker,
  tasks: Iterator<[number, string]>,
  onResponse: (response: ClassifyResponse) => void | Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let open = 0;
    const assign = () => {
      const { value, done } = tasks.next();
      if (done) return;
      const [index, path] = value;
      open++;
      worker.postMessage({ index, path } satisfies ClassifyTask);
    };
    worker.on('message', async (response: ClassifyResponse) => {
      try {
        await onResponse(response);
      } catch (error) {
        reject(error);
        return;
      }
      open--;
      assign();
      if (open === 0) resolve();
    });
    const fail = (cause: unknown) =>
      reject(
        new RuntimeError('WORKER_FAILED', 'A thread that classifies failed', {
          cause,
          hint: cause instanceof Error ? cause.message : String(cause),
        }),
      );
    worker.on('error', fail);
    worker.on('exit', (code) => fail(new Error(`exit code ${code}`)));
    for (let i = 0; i < TASKS_AHEAD; i++) assign();
    if (open === 0) resolve();
  });
}
