// @ts-check
import { svg } from '../dom.js';
import { milliseconds } from '../format.js';

/** @typedef {import('./worker.js').Result} Result */

/** Of the drawing; it scales with the page. */
const ROW = 30;
const HEAD = 34;
const BAR = 14;

/**
 * Bars of the medians with the quartiles, by group, each group to its own scale.
 * @param {readonly Result[]} results
 * @param {number} width of the drawing in pixels: texts keep their size
 */
export function drawChart(results, width) {
  const isNarrow = width < 560;
  const labels = isNarrow ? 0 : 280;
  const values = 90;
  const row = isNarrow ? ROW + 20 : ROW;
  const groups = [...new Set(results.map(({ group }) => group))];
  /** @type {Node[]} */
  const parts = [];
  let y = 0;
  for (const group of groups) {
    const own = results.filter((result) => result.group === group);
    const longest = Math.max(...own.map(({ high }) => high));
    parts.push(text(group, 0, y + 20, 'group'));
    parts.push(
      svg('line', { class: 'rule', x1: 0, x2: width, y1: y + HEAD - 4, y2: y + HEAD - 4 }),
    );
    y += HEAD;
    const place = (/** @type {number} */ time) =>
      labels + (time / longest) * (width - labels - values);
    for (const { name, median, low, high, network } of own) {
      const middle = y + row - ROW / 2;
      const kind = network.block === 'float' ? 'float' : 'binary';
      parts.push(text(name, 0, isNarrow ? y + 20 : middle + 5, 'name'));
      parts.push(
        svg('rect', {
          class: kind,
          x: labels,
          y: middle - BAR / 2,
          width: Math.max(2, place(median) - labels),
          height: BAR,
        }),
        svg('path', {
          class: 'spread',
          d: `M${place(low)} ${middle}H${place(high)}M${place(low)} ${middle - 4}v8M${place(high)} ${middle - 4}v8`,
        }),
        text(`${milliseconds(median)} ms`, width, middle + 5, 'value'),
      );
      y += row;
    }
    y += 14;
  }
  return svg(
    'svg',
    { viewBox: `0 0 ${width} ${y}`, width, height: y, role: 'img', 'aria-label': summary(results) },
    ...parts,
  );
}

/**
 * @param {string} content
 * @param {number} x
 * @param {number} y
 * @param {string} kind
 */
function text(content, x, y, kind) {
  const element = svg('text', { x, y, class: kind });
  element.textContent = content;
  return element;
}

/** @param {readonly Result[]} results */
function summary(results) {
  return results.map(({ name, median }) => `${name}: ${milliseconds(median)} ms`).join('; ');
}
