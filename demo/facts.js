// @ts-check
import { html } from './dom.js';
import { bytes, millions } from './format.js';

/** @typedef {import('./types.js').ModelDescription} ModelDescription */

/** @type {Readonly<Record<ModelDescription['build'], string>>} */
const BUILDS = {
  plain: 'WebAssembly, plain',
  simd: 'WebAssembly, SIMD',
  relaxed: 'WebAssembly, relaxed SIMD',
};

/** The kernels run on one thread: that of the worker. */
const THREADS = 1;

/**
 * What model runs, and how.
 * @param {HTMLElement} list a `dl`
 * @param {ModelDescription} description
 */
export function showFacts(list, { name, build, fileBytes, params, input, classes }) {
  const [, height, width] = input;
  const facts = [
    ['Model', name],
    ['Build', BUILDS[build]],
    ['Threads', String(THREADS)],
    ['File', bytes(fileBytes)],
    ['Parameters', millions(params)],
    ['Input', `${width} × ${height}`],
    ['Labels', String(classes)],
  ];
  list.replaceChildren(
    ...facts.map(([term = '', value = '']) =>
      html('div', {}, html('dt', {}, term), html('dd', {}, value)),
    ),
  );
}
