// @ts-check
import { milliseconds } from '../format.js';
import { timeByKernel, words } from '../kernel-times.js';
import { FLOAT, MAIN } from './contestants.js';

/**
 * @typedef {import('./worker.js').Report} Report
 * @typedef {import('./worker.js').Result} Result
 */

/**
 * How many times as fast the binary network is as the float one of the same widths; at 224 pixels, with the best
 * build and one thread.
 * @param {Report} report
 */
export function speedUp({ results }) {
  const medianOf = (/** @type {import('./contestants.js').Network} */ wanted) =>
    results.find(({ network }) => network === wanted || isSame(network, wanted))?.median ??
    Number.NaN;
  return medianOf(FLOAT) / medianOf(MAIN);
}

/**
 * @param {import('./contestants.js').Network} a
 * @param {import('./contestants.js').Network} b
 */
function isSame(a, b) {
  return a.block === b.block && a.width === b.width && a.size === b.size;
}

/**
 * The report as text, to be copied.
 * @param {Report} report
 */
export function reportText({ results, profiles, rounds, seconds }) {
  const widest = Math.max(...results.map(({ name }) => name.length));
  const groups = [...new Set(results.map(({ group }) => group))];
  const lines = groups.flatMap((group) => [
    '',
    group,
    ...results
      .filter((result) => result.group === group)
      .map((result) => resultText(result, widest)),
  ]);
  const kernels = profiles.flatMap(({ build, kernels: times }) => [
    '',
    `Kernels of the build ${build}`,
    ...timeByKernel(times).map(
      ({ kernel, milliseconds: time }) =>
        `  ${words(kernel).padEnd(widest)}  ${milliseconds(time).padStart(8)} ms`,
    ),
  ]);
  return [
    `MoBiNet on this device, ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    navigator.userAgent,
    `${navigator.hardwareConcurrency} cores, ${crossOriginIsolated ? '' : 'not '}cross-origin isolated`,
    `Median and quartiles of ${rounds} rounds, random weights, ${seconds.toFixed(0)} s in all`,
    ...lines,
    ...kernels,
    '',
  ].join('\n');
}

/**
 * @param {Result} result
 * @param {number} width of the names
 */
function resultText({ name, median, low, high }, width) {
  const range = `(${milliseconds(low)} to ${milliseconds(high)})`;
  return `  ${name.padEnd(width)}  ${milliseconds(median).padStart(8)} ms ${range}`;
}
