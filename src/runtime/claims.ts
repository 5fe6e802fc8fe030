/**
 * Hands out the work of a step. Each thread begins with its own part, the same in every step, so that
 * it finds in its cache what it wrote there before; one that is done takes from the parts of the
 * others. So a slow core, or one that has other work, does less. Whoever does it, the result is the
 * same.
 */

import { partOf } from '../plan/share.ts';

/** Words between two that different threads write: two cache lines, which are fetched in pairs. */
const STRIDE = 32;

/** A thread takes this share of what is left of a part: little, but not so little that it pays. */
const SHARE = 3;

/** One thread's view of the work that is left. */
export interface Claims {
  /**
   * Offers this thread's part of a step; before it counts the step before as done.
   * @param work units of the step
   */
  offer(step: number, work: number): void;
  /**
   * Takes until nothing is left.
   * @param granule units that are best done together; pieces end at multiples of it
   */
  drain(
    step: number,
    work: number,
    granule: number,
    take: (begin: number, end: number) => void,
  ): void;
}

/** Shared memory for the claims of so many threads. */
export function claimsMemory(threads: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(2 * threads * STRIDE * 4));
}

/** @param thread from 0 to `threads` - 1 */
export function openClaims(
  words: Int32Array<SharedArrayBuffer>,
  thread: number,
  threads: number,
): Claims {
  // Two in turn: while one is drained the next is offered, and none drains the one before any more.
  const wordOf = (step: number, owner: number) => ((step & 1) * threads + owner) * STRIDE;

  return {
    offer(step, work) {
      Atomics.store(words, wordOf(step, thread), partOf(work, thread, threads).begin);
    },
    drain(step, work, granule, take) {
      for (let distance = 0; distance < threads; distance++) {
        const owner = (thread + distance) % threads;
        const word = wordOf(step, owner);
        const { end } = partOf(work, owner, threads);
        for (;;) {
          const begin = Atomics.load(words, word);
          if (begin >= end) break;
          const wanted = Math.ceil((begin + (end - begin) / SHARE) / granule) * granule;
          const taken = Math.min(wanted, end);
          if (Atomics.compareExchange(words, word, begin, taken) !== begin) continue;
          take(begin, taken);
        }
      }
    },
  };
}
