/**
 * The ledger of a team of threads, in shared memory: what is taken of each step, and how much is done.
 *
 * Each thread has a part of every step, begins with it, and then takes from the parts of the others.
 * A step is done when its work is, not when all threads say so: a thread that sleeps, or has lost its
 * core to something else, holds nobody up unless it does so in the middle of a piece. So a slow core
 * does less, and whoever does what, the result is the same.
 *
 * Nothing is ever reset. All numbers only grow, run after run, modulo 2^32, and only their
 * differences are looked at.
 */

import { RuntimeError } from '../errors.ts';
import { partOf } from '../plan/share.ts';

/** Words from one that is written to the next: two cache lines, which are fetched in pairs. */
const LINE = 32;

/** 1 once a thread has failed. */
const FAILED = 0;
/** How many threads sleep. */
const SLEEPING = 1;
/** How many runs have been started. */
const RUNS = LINE;
/** Units of work done. */
const DONE = 2 * LINE;
/** Units taken of the parts of thread 0; the others' follow. */
const TAKEN = 3 * LINE;

/** Looks before a thread goes to sleep: to wake it up takes longer. */
const LOOKS = 20_000;

/** A sleeper gets up this often to see whether a thread has failed. */
const NAP_MILLISECONDS = 100;

/** After so many naps in which nothing was done, a thread counts as dead. */
const MOST_NAPS = 100;

/** A piece is this share of what is left of a part: large ones first, small ones to end together. */
const SHARE = 3;

/** What the ledger has to know of a step. */
export interface Work {
  /** Units. */
  readonly work: number;
  /** Units that are best done together; pieces end at multiples of it. */
  readonly granule: number;
}

/** A thread's view of it. */
export interface Ledger {
  /** Wakes the others up: a run is about to start. */
  wake(): void;
  /**
   * Starts a run.
   * @throws RuntimeError WORKER_FAILED where a thread failed in one before
   */
  start(): void;
  /** Sleeps until a run has started, however long that takes. */
  awaitStart(): void;
  /**
   * Takes part in the run, until all its steps are done.
   * @param take does a piece of a step
   * @param afterStep called after each
   * @throws RuntimeError WORKER_FAILED where another thread has failed
   */
  run(
    take: (step: number, begin: number, end: number) => void,
    afterStep?: (step: number) => void,
  ): void;
  /** Has all others throw. */
  fail(): void;
}

/** An empty ledger for so many threads. */
export function createLedger(threads: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(TAKEN * 4 + threads * LINE * 4));
}

/** @param thread from 0 to `threads` - 1 */
export function openLedger(
  words: Int32Array<SharedArrayBuffer>,
  steps: readonly Work[],
  thread: number,
  threads: number,
): Ledger {
  const owners = Array.from({ length: threads }, (_, distance) => {
    const owner = (thread + distance) % threads;
    return partsOf(steps, owner, threads);
  });
  const workBefore = runningSums(steps.map(({ work }) => work));
  const workOfRun = workBefore[steps.length]!;
  const nap = mayBlock() ? sleep : spin;
  /** Of this thread, from 1 on. */
  let run = 0;

  /** The word's value as soon as `isOver` says so, or after looking for a while. */
  function look(word: number, isOver: (value: number) => boolean): number {
    let value = Atomics.load(words, word);
    for (let looks = 0; looks < LOOKS && !isOver(value); looks++) {
      value = Atomics.load(words, word);
    }
    return value;
  }

  function sleep(word: number, value: number, milliseconds?: number): void {
    Atomics.add(words, SLEEPING, 1);
    Atomics.wait(words, word, value, milliseconds);
    Atomics.sub(words, SLEEPING, 1);
  }

  /** On a page's main thread, which may not sleep. */
  function spin(word: number, value: number, milliseconds: number): void {
    const end = performance.now() + milliseconds;
    while (Atomics.load(words, word) === value && performance.now() < end);
  }

  function add(word: number, amount: number): void {
    Atomics.add(words, word, amount);
    if (Atomics.load(words, SLEEPING) > 0) Atomics.notify(words, word);
  }

  function fail(): void {
    Atomics.store(words, FAILED, 1);
  }

  function checkFailure(): void {
    if (Atomics.load(words, FAILED) === 0) return;
    throw new RuntimeError('WORKER_FAILED', 'A thread of the network has failed', {
      hint: 'dispose() of the model and load it again',
    });
  }

  function awaitDone(goal: number): void {
    const isOver = (done: number) => ((done - goal) | 0) >= 0;
    let done = look(DONE, isOver);
    for (let naps = 0; !isOver(done); ) {
      if (naps === MOST_NAPS) fail();
      checkFailure();
      nap(DONE, done, NAP_MILLISECONDS);
      const before = done;
      done = look(DONE, isOver);
      naps = done === before ? naps + 1 : 0;
    }
  }

  /** Units of the step that this thread has done when nothing is left to take. */
  function drain(step: number, take: (step: number, begin: number, end: number) => void): number {
    const { granule } = steps[step]!;
    let units = 0;
    for (const { word, parts, before, ofRun } of owners) {
      const part = parts[step]!;
      // Where the word stands when nothing of this part is taken.
      const untouched = (Math.imul(run - 1, ofRun) + before[step]!) | 0;
      for (;;) {
        const taken = Atomics.load(words, word);
        const begin = part.begin + ((taken - untouched) | 0);
        if (begin >= part.end) break;
        const wanted = Math.ceil((begin + (part.end - begin) / SHARE) / granule) * granule;
        const end = Math.min(wanted, part.end);
        const next = (taken + (end - begin)) | 0;
        if (Atomics.compareExchange(words, word, taken, next) !== taken) continue;
        take(step, begin, end);
        units += end - begin;
      }
    }
    return units;
  }

  return {
    wake() {
      Atomics.notify(words, RUNS);
    },
    start() {
      // What a run leaves undone would be taken for part of the next.
      checkFailure();
      add(RUNS, 1);
      run = Atomics.load(words, RUNS);
    },
    awaitStart() {
      const last = run;
      let runs = look(RUNS, (value) => value !== last);
      while (runs === last) {
        sleep(RUNS, last);
        runs = look(RUNS, (value) => value !== last);
      }
      run = runs;
    },
    run(take, afterStep) {
      const doneBefore = Math.imul(run - 1, workOfRun);
      for (let step = 0; step < steps.length; step++) {
        const units = drain(step, take);
        if (units > 0) add(DONE, units);
        awaitDone((doneBefore + workBefore[step + 1]!) | 0);
        afterStep?.(step);
      }
    },
    fail,
  };
}

/** Parts of one thread. */
interface Parts {
  /** Where it is written how much of them is taken. */
  readonly word: number;
  /** One a step. */
  readonly parts: readonly { readonly begin: number; readonly end: number }[];
  /** Units of those before each step, and of all. */
  readonly before: readonly number[];
  readonly ofRun: number;
}

function partsOf(steps: readonly Work[], owner: number, threads: number): Parts {
  const parts = steps.map(({ work }) => partOf(work, owner, threads));
  const before = runningSums(parts.map(({ begin, end }) => end - begin));
  return { word: TAKEN + owner * LINE, parts, before, ofRun: before[steps.length]! };
}

/** Sums of the numbers before each, and of all. */
function runningSums(numbers: readonly number[]): number[] {
  const sums = [0];
  for (const number of numbers) sums.push(sums.at(-1)! + number);
  return sums;
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
