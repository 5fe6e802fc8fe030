// @ts-check
import { find, html } from './dom.js';
import { bytes, milliseconds, percent } from './format.js';

/**
 * @typedef {import('./types.js').Classification} Classification
 * @typedef {import('./types.js').ModelDescription} ModelDescription
 * @typedef {import('./types.js').ModelEntry} ModelEntry
 */

/**
 * What each model of the same topic says of the same picture, and what that takes; hidden where there is
 * one model.
 * @param {HTMLElement} root
 * @param {readonly ModelEntry[]} models
 */
export function createComparison(root, models) {
  const rows = new Map(models.map((entry) => [entry, createRow(entry)]));
  find(root, 'tbody', HTMLTableSectionElement).append(...[...rows.values()].map(({ row }) => row));

  return {
    /**
     * A model is ready, and is the one in use.
     * @param {ModelEntry} entry
     * @param {ModelDescription} description
     */
    use(entry, description) {
      const isAlike = (/** @type {ModelEntry} */ { topic }) => topic === entry.topic;
      root.hidden = models.filter(isAlike).length < 2;
      for (const [other, row] of rows) {
        row.row.hidden = !isAlike(other);
        row.mark(other === entry);
      }
      rows.get(entry)?.describe(description);
    },

    /** There is another picture, or none. */
    clear() {
      for (const row of rows.values()) row.clear();
    },

    /**
     * @param {ModelEntry} entry
     * @param {Classification} classification
     */
    show(entry, classification) {
      rows.get(entry)?.show(classification);
    },
  };
}

/** @param {ModelEntry} entry */
function createRow({ name, top1 }) {
  const answer = html('td', { class: 'answer-cell' }, 'not tried yet');
  const time = html('td', { class: 'numeric' });
  const size = html('td', { class: 'numeric' });
  const accuracy = html('td', { class: 'numeric' }, top1 === undefined ? '' : percent(top1));
  const row = html('tr', {}, html('th', { scope: 'row' }, name), answer, time, size, accuracy);
  let ready = false;
  return {
    row,
    /** @param {boolean} inUse */
    mark(inUse) {
      row.toggleAttribute('aria-current', inUse);
    },
    /** @param {ModelDescription} description */
    describe({ fileBytes }) {
      size.textContent = bytes(fileBytes);
      if (ready) return;
      ready = true;
      answer.textContent = '';
    },
    clear() {
      if (ready) answer.textContent = '';
      time.textContent = '';
    },
    /** @param {Classification} classification */
    show({ predictions: [best], timings }) {
      const label = best?.label.split(', ')[0] ?? '';
      answer.textContent = best ? `${label} ${percent(best.score)}` : '';
      time.textContent = `${milliseconds(timings.run)} ms`;
    },
  };
}
