/**
 * Runs a plan on several threads: one shared memory, an instance of the kernels in each thread, one
 * step after the other. The calling thread is one of them; the others sleep between two runs.
 */

import type { Plan } from '../plan/plan.ts';
import { type Engine, openMemory, type StepTime } from './engine.ts';
import { createLedger } from './ledger.ts';
import { joinTeam } from './team.ts';
import type { ThreadStart } from './thread.ts';

/** A thread that has been started. */
export interface Thread {
  /** Settles once it waits for its first run. */
  readonly ready: Promise<void>;
  terminate(): void;
}

/** Starts a thread; how, is the platform's matter. It may throw. */
export type StartThread = (start: ThreadStart, onFailure: () => void) => Thread;

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
  const { memory, input, output } = openMemory(plan, true);
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
    run(values) {
      runAll(values);
      return output.slice();
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
