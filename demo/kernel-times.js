// @ts-check
/** The time of a run by kernel, and as a bar. */

import { svg } from './dom.js';
import { percent } from './format.js';

/**
 * @typedef {Pick<import('./types.js').StepTime, 'kernel' | 'milliseconds'>} StepTime
 *
 * @typedef {object} KernelTime
 * @property {string} kernel
 * @property {number} milliseconds
 * @property {number} steps how many run it
 */

/** Colours of the style sheet, `k0` on; the last one is for all others. */
export const COLOURS = 7;

/** @param {readonly { milliseconds: number }[]} times */
export function sumOf(times) {
  return times.reduce((sum, time) => sum + time.milliseconds, 0);
}

/**
 * @param {readonly StepTime[]} steps
 * @returns {KernelTime[]} the longest first
 */
export function timeByKernel(steps) {
  const kernels = [...new Set(steps.map((step) => step.kernel))].map((kernel) => {
    const own = steps.filter((step) => step.kernel === kernel);
    return { kernel, milliseconds: sumOf(own), steps: own.length };
  });
  return kernels.sort((a, b) => b.milliseconds - a.milliseconds);
}

/**
 * One bar, a piece for each kernel.
 * @param {SVGSVGElement} strip
 * @param {readonly KernelTime[]} kernels
 * @param {number} total in milliseconds
 */
export function showStrip(strip, kernels, total) {
  const LABEL_FROM = 0.12;
  const pieces = kernels.map((time, i) => {
    const before = sumOf(kernels.slice(0, i)) / total;
    const share = time.milliseconds / total;
    const piece = svg('svg', { x: percentage(before), width: percentage(share), height: '100%' });
    const title = svg('title');
    title.textContent = `${words(time.kernel)}: ${percent(share)}`;
    piece.append(
      title,
      svg('rect', { class: `k${Math.min(i, COLOURS)}`, width: '100%', height: '100%' }),
      svg('rect', {
        class: 'gap',
        x: '100%',
        width: 2,
        height: '100%',
        transform: 'translate(-2)',
      }),
    );
    if (share >= LABEL_FROM) {
      const label = svg('text', { x: 10, y: '50%', dy: '.35em' });
      label.textContent = percent(share);
      piece.append(label);
    }
    return piece;
  });
  strip.replaceChildren(...pieces);
  const text = kernels.map((time) => `${words(time.kernel)} ${percent(time.milliseconds / total)}`);
  strip.setAttribute('aria-label', `Time by kernel: ${text.join(', ')}`);
}

/** @param {number} share 0..1 */
export function percentage(share) {
  return `${(share * 100).toFixed(3)}%`;
}

/**
 * 'binaryGrouped3x3Planes' as 'binary grouped 3x3 planes'.
 * @param {string} kernel
 */
export function words(kernel) {
  return kernel
    .replace(/([a-z])([A-Z0-9])/g, '$1 $2')
    .replace(/(\d)([A-Z])/g, '$1 $2')
    .replace(/(\d) ?x ?(\d)/, '$1x$2')
    .toLowerCase();
}
