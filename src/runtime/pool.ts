/**
 * Runs a plan on several threads: one shared memory, an instance of the kernels in each thread, and
 * for each its part of every step. All threads do a step before any does the next. The calling thread
 * is one of them, and the others sleep between two runs.
 */

import type { Plan } from '../plan/plan.ts';
import { callOf } from '../plan/share.ts';
import { barrierMemory, openBarrier } from './barrier.ts';
import { bindCalls, type Engine, instantiateKernels, openMemory, type StepTime } from './engine.ts';
import { STEPS_BEFORE, type ThreadStart } from './thread.ts';

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
  const { threads } = plan;
  const { memory, input, output } = openMemory(plan, true);
  const kernels = await instantiateKernels(module, memory);
  const callsOf = (thread: number) => plan.steps.map((step) => callOf(step, thread, threads));
  const calls = bindCalls(kernels, callsOf(0));
  const words = barrierMemory(threads);
  const barrier = openBarrier(words, 0, threads);

  const started: Thread[] = [];
  const terminate = () => {
    for (const thread of started) thread.terminate();
  };
  try {
    for (let thread = 1; thread < threads; thread++) {
      const start = { module, memory, words, thread, threads, calls: callsOf(thread) };
      started.push(startThread(start, () => barrier.fail()));
    }
    await Promise.all(started.map((thread) => thread.ready));
  } catch (error) {
    terminate();
    throw error;
  }

  /** Calls `afterStep` when all threads have done it. */
  const runSteps = (values: Float32Array, afterStep?: (index: number) => void): void => {
    try {
      // They wake up while the input is written.
      barrier.arrive();
      input.set(values);
      barrier.arrive(STEPS_BEFORE - 1);
      for (const [index, call] of calls.entries()) {
        barrier.wait();
        if (index > 0) afterStep?.(index - 1);
        call();
        barrier.arrive();
      }
      barrier.wait();
      afterStep?.(calls.length - 1);
    } catch (error) {
      barrier.fail();
      throw error;
    }
  };

  return {
    memoryBytes: memory.buffer.byteLength,
    threads,
    run(values) {
      runSteps(values);
      return output.slice();
    },
    profile(values) {
      const times: StepTime[] = [];
      let before = performance.now();
      runSteps(values, (index) => {
        const { value, kernel, work } = plan.steps[index]!;
        const now = performance.now();
        times.push({ value, kernel, milliseconds: now - before, threads: Math.min(work, threads) });
        before = now;
      });
      return times;
    },
    dispose: terminate,
  };
}
