// @ts-check
import { html } from './dom.js';
import { bytes, millions } from './format.js';

/** @typedef {import('./types.js').ModelDescription} ModelDescription */

/** @type {Readonly<Partial<Record<ModelDescription['build'], string>>>} */
const BUILDS = {
  plain: 'WebAssembly, plain',
  simd: 'WebAssembly, SIMD',
  relaxed: 'WebAssembly, relaxed SIMD',
};

/** @param {ModelDescription} description */
function threadsOf(description) {
  return 'threads' in description ? Number(description.threads) : 1;
}

/**
 * What model runs, and how.
 * @param {HTMLElement} list a `dl`
 * @param {ModelDescription} description
 */
export function showFacts(list, description) {
  const { name, build, fileBytes, params, input, classes } = description;
  const [, height, width] = input;
  const facts = [
    ['Model', name],
    ['Build', BUILDS[build] ?? build],
    ['Threads', String(threadsOf(description))],
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
