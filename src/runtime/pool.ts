/**
 * Runs a plan on several threads: one shared memory, an instance of the kernels in each thread, and
 * all do a step before any does the next. The calling thread is one of them; the others sleep between
 * two runs.
 */

import type { Plan } from '../plan/plan.ts';
import { type Engine, openMemory, type StepTime } from './engine.ts';
import { createTeam, joinTeam } from './team.ts';
import { COUNTS_BEFORE, type ThreadStart } from './thread.ts';

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
export async function createPool(
  plan: Plan,
  module: WebAssembly.Module,
  startThread: StartThread,
): Promise<Engine> {
  const { threads, steps } = plan;
  const { memory, input, output } = openMemory(plan, true);
  const team = createTeam(threads, module, memory, steps);
  const { barrier, prepare, run } = await joinTeam(team, 0);

  const started: Thread[] = [];
  const terminate = () => {
    for (const thread of started) thread.terminate();
  };
  try {
    for (let thread = 1; thread < threads; thread++) {
      started.push(startThread({ team, thread }, () => barrier.fail()));
    }
    await Promise.all(started.map((thread) => thread.ready));
  } catch (error) {
    terminate();
    throw error;
  }

  const runAll = (values: Float32Array, afterStep?: (index: number) => void): void => {
    try {
      prepare();
      // They wake up while the input is written.
      barrier.arrive();
      input.set(values);
      barrier.arrive(COUNTS_BEFORE - 1);
      run(afterStep);
      barrier.wait();
    } catch (error) {
      barrier.fail();
      throw error;
    }
    afterStep?.(steps.length - 1);
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
      runAll(values, (index) => {
        const { value, kernel, work } = steps[index]!;
        const now = performance.now();
        times.push({ value, kernel, milliseconds: now - before, threads: Math.min(work, threads) });
        before = now;
      });
      return times;
    },
    dispose: terminate,
  };
}
