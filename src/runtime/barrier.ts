/**
 * A barrier for threads that do the same steps side by side. Each thread counts, in a shared word of
 * its own, the steps that it has done; before its next step it waits until the counts of all others
 * are as high as its own. Nothing else is shared, and nothing has to be reset.
 */

import { RuntimeError } from '../errors.ts';

/** Words from one count to the next: two cache lines, since processors fetch them in pairs. */
const STRIDE = 32;

/** Index of the words before the counts: whether a thread has failed, and how many sleep. */
const FAILED = 0;
const SLEEPING = 1;

/** Looks at a count before going to sleep: waking up takes as long as thousands of looks. */
const LOOKS = 20_000;

/** A sleeper gets up this often to see whether a thread has failed. */
const NAP_MILLISECONDS = 100;

/** After so many naps the thread waited for counts as dead. */
const MOST_NAPS = 100;

/** One thread's view of the barrier. */
export interface Barrier {
  /** Counts `steps` more as done. */
  arrive(steps?: number): void;
  /**
   * Waits until all others have done as many steps as this thread.
   * @throws RuntimeError WORKER_FAILED where one of them has failed
   */
  wait(): void;
  /** Sleeps until the first thread is ahead of this one, however long that takes. */
  waitForStart(): void;
  /** Has all others throw, here and at their next wait. */
  fail(): void;
}

/** Shared memory for a barrier of so many threads. */
export function barrierMemory(threads: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer((threads + 1) * STRIDE * 4));
}

/** @param thread from 0 to `threads` - 1; 0 starts the others */
export function openBarrier(
  words: Int32Array<SharedArrayBuffer>,
  thread: number,
  threads: number,
): Barrier {
  const countOf = (other: number) => (other + 1) * STRIDE;
  const own = countOf(thread);
  const others = Array.from({ length: threads }, (_, other) => other)
    .filter((other) => other !== thread)
    .map(countOf);
  const nap = mayBlock() ? sleep : spin;
  let done = 0;

  /** Counts are taken modulo 2^32: only their difference says which is ahead. */
  const isBehind = (count: number, goal: number) => ((count - goal) | 0) < 0;

  /** Whether the count comes up to `goal` while this thread looks at it. */
  const comesSoon = (word: number, goal: number): boolean => {
    for (let look = 0; look < LOOKS; look++) {
      if (!isBehind(Atomics.load(words, word), goal)) return true;
    }
    return false;
  };

  function sleep(word: number, count: number, milliseconds?: number): void {
    Atomics.add(words, SLEEPING, 1);
    Atomics.wait(words, word, count, milliseconds);
    Atomics.sub(words, SLEEPING, 1);
  }

  /** On a page's main thread, which may not sleep. */
  function spin(word: number, count: number, milliseconds: number): void {
    const end = performance.now() + milliseconds;
    while (Atomics.load(words, word) === count && performance.now() < end);
  }

  function checkFailure(): void {
    if (Atomics.load(words, FAILED) === 0) return;
    throw new RuntimeError('WORKER_FAILED', 'A thread of the network has failed', {
      hint: 'dispose() of the model and load it again',
    });
  }

  function waitFor(word: number, goal: number): void {
    if (comesSoon(word, goal)) return;
    for (let naps = 0; ; naps++) {
      const count = Atomics.load(words, word);
      if (!isBehind(count, goal)) return;
      if (naps === MOST_NAPS) Atomics.store(words, FAILED, 1);
      checkFailure();
      nap(word, count, NAP_MILLISECONDS);
    }
  }

  return {
    arrive(steps = 1) {
      done = (done + steps) | 0;
      Atomics.store(words, own, done);
      if (Atomics.load(words, SLEEPING) > 0) Atomics.notify(words, own);
    },
    wait() {
      for (const word of others) waitFor(word, done);
    },
    waitForStart() {
      const word = countOf(0);
      const goal = (done + 1) | 0;
      if (comesSoon(word, goal)) return;
      for (;;) {
        const count = Atomics.load(words, word);
        if (!isBehind(count, goal)) return;
        sleep(word, count);
      }
    },
    fail() {
      Atomics.store(words, FAILED, 1);
    },
  };
}

/** Whether this thread may sleep: not the main one of a page. */
function mayBlock(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}
