// @ts-check
import { find, html } from './dom.js';
import { milliseconds, percent } from './format.js';

/**
 * @typedef {import('./types.js').Classification} Classification
 * @typedef {import('./types.js').Prediction} Prediction
 */

const ROWS = 5;

/** Below this, the best label is hardly better than the others. */
const UNSURE = 0.2;

/** Milliseconds between two changes of the labels, and between two that are read aloud. */
const CAMERA_PACE = { shown: 250, announced: 4000 };

/**
 * The five best labels as bars, the times, and the same in words for screen readers.
 * @param {HTMLElement} root
 */
export function createResults(root) {
  const list = find(root, '#predictions', HTMLOListElement);
  const remark = find(root, '#remark', HTMLElement);
  const timings = find(root, '#timings', HTMLElement);
  const announcement = find(root, '#announcement', HTMLElement);
  const rows = Array.from({ length: ROWS }, createRow);
  list.append(...rows.map((row) => row.item));
  let shownAt = Number.NEGATIVE_INFINITY;
  let announcedAt = Number.NEGATIVE_INFINITY;

  /** @param {Classification} classification */
  function showLabels({ predictions }) {
    for (const [i, row] of rows.entries()) row.show(predictions[i]);
    const best = predictions[0]?.score ?? 0;
    remark.textContent = best < UNSURE ? 'Unsure: no label stands out' : '';
  }

  /**
   * @param {Classification['timings']} times
   * @param {number} [framesPerSecond]
   */
  function showTimings(times, framesPerSecond) {
    timings.replaceChildren(
      figure('Network', milliseconds(times.run), 'ms'),
      figure('Preparation', milliseconds(times.preprocess), 'ms'),
      figure('Together', milliseconds(times.total), 'ms'),
    );
    if (framesPerSecond === undefined) return;
    timings.append(figure('Camera', framesPerSecond.toFixed(0), 'frames/s'));
  }

  /** @param {Prediction[]} predictions */
  function announce(predictions) {
    const words = predictions.map(({ label, score }) => `${firstName(label)} ${percent(score)}`);
    announcement.textContent = `Top five: ${words.join(', ')}`;
  }

  return {
    /** @param {boolean} busy */
    setBusy(busy) {
      root.setAttribute('aria-busy', String(busy));
    },

    clear() {
      for (const row of rows) row.show(undefined);
      remark.textContent = '';
      announcement.textContent = '';
      timings.replaceChildren();
    },

    /** @param {Classification} classification of a still picture */
    show(classification) {
      showLabels(classification);
      showTimings(classification.timings);
      announce(classification.predictions);
    },

    /**
     * Shows some of what comes from the camera, at a pace that can be read.
     * @param {Classification} classification
     * @param {number | undefined} framesPerSecond
     */
    showFrame(classification, framesPerSecond) {
      const now = performance.now();
      if (now - shownAt < CAMERA_PACE.shown) return;
      shownAt = now;
      showLabels(classification);
      showTimings(classification.timings, framesPerSecond);
      if (now - announcedAt < CAMERA_PACE.announced) return;
      announcedAt = now;
      announce(classification.predictions);
    },
  };
}

function createRow() {
  const name = html('span', { class: 'name' });
  const others = html('span', { class: 'others' });
  const score = html('span', { class: 'score' });
  const bar = html('span', { class: 'bar', 'aria-hidden': 'true' });
  const label = html('span', { class: 'label' }, name, ' ', others);
  const item = html('li', { class: 'prediction vacant' }, label, score, bar);
  return {
    item,
    /** @param {Prediction | undefined} prediction */
    show(prediction) {
      item.classList.toggle('vacant', prediction === undefined);
      name.textContent = prediction ? firstName(prediction.label) : '';
      others.textContent = prediction ? otherNames(prediction.label) : '';
      score.textContent = prediction ? percent(prediction.score) : '';
      bar.style.setProperty('--share', String(prediction?.score ?? 0));
    },
  };
}

/**
 * A label may list synonyms, such as 'tabby, tabby cat'.
 * @param {string} label
 */
function firstName(label) {
  return label.split(', ')[0] ?? label;
}

/** @param {string} label */
function otherNames(label) {
  return label.split(', ').slice(1).join(', ');
}

/**
 * @param {string} term
 * @param {string} value
 * @param {string} unit
 */
function figure(term, value, unit) {
  const number = html('dd', {}, value, ' ', html('span', { class: 'unit' }, unit));
  return html('div', {}, html('dt', {}, term), number);
}
