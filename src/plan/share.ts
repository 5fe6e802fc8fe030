/** Steps to the calls of one thread. */

import type { KernelName } from './kernels.ts';
import type { Step } from './program.ts';

/** `kernel(begin, end, ...arguments)`. */
export interface Call {
  readonly kernel: KernelName;
  readonly begin: number;
  readonly end: number;
  readonly arguments: readonly number[];
}

/**
 * A thread's part of a step: as even as can be, without gaps or overlaps; empty for some where there
 * is less work than threads.
 * @param thread from 0 to `threads` - 1
 */
export function callOf(step: Step, thread: number, threads: number): Call {
  return {
    kernel: step.kernel,
    begin: Math.floor((step.work * thread) / threads),
    end: Math.floor((step.work * (thread + 1)) / threads),
    arguments: step.arguments.map(
      (argument, index) => argument + step.threadStrides[index]! * thread,
    ),
  };
}
