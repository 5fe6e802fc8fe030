/** What a thread beside the calling one does. */

import type { Call } from '../plan/share.ts';
import { openBarrier } from './barrier.ts';
import { bindCalls, instantiateKernels } from './engine.ts';

/** What a thread starts with. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  /** Shared by all threads. */
  readonly memory: WebAssembly.Memory;
  /** Of the barrier. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** From 1 to `threads` - 1; the calling thread is 0. */
  readonly thread: number;
  readonly threads: number;
  /** Its part of each step. */
  readonly calls: readonly Call[];
}

/** What it says: that it is ready, or why it has ended. */
export type ThreadReport = { readonly type: 'ready' } | { readonly type: 'failure'; readonly message: string };

/** Steps of a run before the first call: waking the threads, and writing the input. */
export const STEPS_BEFORE = 2;

/**
 * Does its part of one run after the other and sleeps in between; returns only when something has
 * failed.
 */
export async function serveThread(
  start: ThreadStart,
  report: (report: ThreadReport) => void,
): Promise<void> {
  const barrier = openBarrier(start.words, start.thread, start.threads);
  try {
    const calls = bindCalls(await instantiateKernels(start.module, start.memory), start.calls);
    report({ type: 'ready' });
    for (;;) {
      barrier.waitForStart();
      barrier.arrive(STEPS_BEFORE);
      for (const call of calls) {
        barrier.wait();
        call();
        barrier.arrive();
      }
    }
  } catch (error) {
    barrier.fail();
    report({ type: 'failure', message: error instanceof Error ? error.message : String(error) });
  }
}
