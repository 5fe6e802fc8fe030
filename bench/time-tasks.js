import { Bench } from 'tinybench';
import { median } from './report.js';

/** Milliseconds of processor time of this process. */
const processorNow = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/**
 * Milliseconds of each task, over rounds in which all take their turn: the median, or where `fastest` is
 * asked for the shortest, of processor time, which a busy machine changes least.
 * @param {ReadonlyMap<string, () => void>} tasks
 * @param {number} rounds
 * @param {number} time milliseconds of a task in a round
 * @param {'median' | 'fastest'} [wanted]
 * @returns {Promise<Map<string, number>>}
 */
export async function timeTasks(tasks, rounds, time, wanted = 'median') {
  const times = new Map([...tasks.keys()].map((name) => [name, /** @type {number[]} */ ([])]));
  for (let round = 0; round < rounds; round++) {
    const clock = wanted === 'fastest' ? { now: processorNow } : {};
    const bench = new Bench({ time, warmupTime: 30, ...clock });
    for (const [name, task] of tasks) bench.add(name, task);
    for (const { name, result } of await bench.run()) {
      if (result === undefined || result.error) throw result?.error ?? new Error(name);
      const { p50 = Number.NaN, min } = result.latency;
      times.get(name)?.push(wanted === 'fastest' ? min : p50);
    }
  }
  const all = wanted === 'fastest' ? (/** @type {number[]} */ each) => Math.min(...each) : median;
  return new Map([...times].map(([name, each]) => [name, all(each)]));
}
