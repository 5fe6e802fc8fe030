/** Whether other work disturbs a measurement. */

import { cpus } from 'node:os';

/** Milliseconds that all cores have worked, without what gives way to us (nice). */
const worked = () => cpus().reduce((sum, { times }) => sum + times.user + times.sys, 0);

/**
 * What a task gives, and how many cores were busy meanwhile, its own among them.
 * @template T
 * @param {() => Promise<T>} task
 */
async function watched(task) {
  const before = worked();
  const begin = performance.now();
  const result = await task();
  return { result, busy: (worked() - before) / (performance.now() - begin) };
}

const PAUSE = 5000;

/**
 * Repeats a task until no more than `calm` cores were busy meanwhile, `tries` times at most.
 * @template T
 * @param {() => Promise<T>} task
 * @param {{ calm: number, tries: number }} options
 * @returns {Promise<{ result: T, busy: number }>} of the calmest try
 */
export async function calmest(task, { calm, tries }) {
  let best = await watched(task);
  for (let count = 1; count < tries && best.busy > calm; count++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    const next = await watched(task);
    if (next.busy < best.busy) best = next;
  }
  return best;
}
