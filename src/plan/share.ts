/** How threads share the work of a step. */

import type { Step } from './addresses.ts';

/**
 * A thread's part of some work, as even as can be.
 * @param thread from 0 to `threads` - 1
 */
export function partOf(
  work: number,
  thread: number,
  threads: number,
): { begin: number; end: number } {
  return {
    begin: Math.floor((work * thread) / threads),
    end: Math.floor((work * (thread + 1)) / threads),
  };
}

/** The arguments of a step in one of the threads: with its own copies of what is scratch. */
export function argumentsOf(step: Step, thread: number): number[] {
  return step.arguments.map((argument, index) => argument + step.threadStrides[index]! * thread);
}
