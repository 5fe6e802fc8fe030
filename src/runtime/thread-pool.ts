/**
 * Runs a plan on several threads: one shared memory, an instance of the kernels in each thread, one
 * step after the other. The calling thread is one of them; the others sleep between two runs.
 */

import { RuntimeError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { type Engine, openMemory, type StepTime } from './engine.ts';
import { createLedger } from './ledger.ts';
import { joinTeam } from './team.ts';
import type { ThreadReport, ThreadStart } from './thread.ts';

/** A thread that has been started. */
export interface Thread {
  /** Settles once it waits for its first run. */
  readonly ready: Promise<void>;
  terminate(): void;
}

/** Starts a thread. It may throw. */
export type StartThread = (start: ThreadStart, onFailure: () => void) => Thread;

/** Who is told what becomes of a worker. */
export interface WorkerListener {
  report(report: ThreadReport): void;
  /** It has failed, or ended. */
  end(reason: string): void;
}

/**
 * Starts a worker of the platform's kind that serves a thread (thread.ts); it may throw.
 * @param url of its script, where it is not the one beside this package
 * @returns what ends it
 */
export type OpenWorker = (
  url: string | URL | undefined,
  start: ThreadStart,
  listener: WorkerListener,
) => () => void;

/** An engine whose threads are a platform's workers. */
export function openThreadPoolOf(
  open: OpenWorker,
  plan: Plan,
  module: WebAssembly.Module,
  threadUrl: string | URL | undefined,
): Promise<Engine> {
  return createThreadPool(plan, module, (start, onFailure) => {
    let terminate: () => void = () => undefined;
    const ready = new Promise<void>((resolve, reject) => {
      const end = (reason: string) => {
        onFailure();
        reject(new RuntimeError('WORKER_FAILED', `a thread cannot be started: ${reason}`));
      };
      const report = (said: ThreadReport) =>
        said.type === 'ready' ? resolve() : end(said.message);
      try {
        terminate = open(threadUrl, start, { report, end });
      } catch (cause) {
        end(String(cause));
      }
    });
    return { ready, terminate };
  });
}

/**
 * @param module of a build for threads
 * @throws RuntimeError OUT_OF_MEMORY, WASM_INVALID; what `startThread` throws or rejects with
 */
export async function createThreadPool(
  plan: Plan,
  module: WebAssembly.Module,
  startThread: StartThread,
): Promise<Engine> {
  const { threads, steps } = plan;
  const { memory, input, ends } = openMemory(plan, true);
  const team = { threads, module, memory, steps, ledger: createLedger(threads) };
  const { wake, start, run, fail } = await joinTeam(team, 0);

  const started: Thread[] = [];
  const terminate = () => {
    for (const thread of started) thread.terminate();
  };
  try {
    for (let thread = 1; thread < threads; thread++) {
      const one = startThread({ team, thread }, fail);
      // Where the next cannot even be started, nobody waits for this one.
      one.ready.catch(() => undefined);
      started.push(one);
    }
    await Promise.all(started.map((thread) => thread.ready));
  } catch (error) {
    terminate();
    throw error;
  }

  const runAll = (values: Float32Array, afterStep?: (step: number) => void): void => {
    // They get up while the input is written.
    wake();
    input.set(values);
    start();
    try {
      run(afterStep);
    } catch (error) {
      fail();
      throw error;
    }
  };

  return {
    memoryBytes: memory.buffer.byteLength,
    threads,
    run(values, end = 'output') {
      runAll(values);
      return ends[end].slice();
    },
    profile(values) {
      const times: StepTime[] = [];
      let before = performance.now();
      runAll(values, (step) => {
        const { value, kernel, work } = steps[step]!;
        const now = performance.now();
        times.push({ value, kernel, milliseconds: now - before, threads: Math.min(work, threads) });
        before = now;
      });
      return times;
    },
    dispose: terminate,
  };
}
