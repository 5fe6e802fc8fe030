// @ts-check
import { find, html, svg } from '../dom.js';
import { createErrors } from '../errors.js';
import { milliseconds } from '../format.js';
import { COLOURS, showStrip, sumOf, timeByKernel, words } from '../kernel-times.js';
import { keepForOffline } from '../offline.js';
import { drawChart } from './chart.js';
import { BUILD_NAMES } from './contestants.js';
import { reportText, speedUp } from './report.js';

/** @typedef {import('./worker.js').Report} Report */

/** A battery lasts: rounds at most, and seconds after which no other round begins. */
const LENGTHS = { short: { rounds: 5, seconds: 8 }, long: { rounds: 25, seconds: 40 } };

const errors = createErrors(find(document, '#error', HTMLElement));
const form = find(document, '#start', HTMLFormElement);
const button = find(form, 'button', HTMLButtonElement);
const running = find(document, '#running', HTMLElement);
const progress = find(running, 'progress', HTMLProgressElement);
const stage = find(running, 'label', HTMLLabelElement);
const output = find(document, '#output', HTMLElement);
const chart = find(document, '#chart', HTMLElement);
const text = find(document, '#report', HTMLElement);

/** @type {Worker | undefined} */
let worker;
/** @type {Report | undefined} */
let report;

function stop() {
  worker?.terminate();
  worker = undefined;
  button.textContent = 'Start';
  running.hidden = true;
}

function start() {
  errors.clear();
  const long = find(form, '[value=long]', HTMLInputElement).checked;
  worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
  worker.addEventListener('message', ({ data }) => {
    if (data.type === 'progress') {
      progress.value = data.share;
      stage.textContent = data.text;
      return;
    }
    stop();
    if (data.type === 'done') show(data.report);
    else errors.show(new Error(data.error));
  });
  worker.addEventListener('error', () => {
    stop();
    errors.show(new Error('The bench cannot be loaded'));
  });
  worker.postMessage(LENGTHS[long ? 'long' : 'short']);
  button.textContent = 'Stop';
  progress.value = 0;
  stage.textContent = 'Starting';
  running.hidden = false;
}

/** @param {Report} measured */
function show(measured) {
  report = measured;
  output.hidden = false;
  output.dataset.state = 'done';
  const times = speedUp(report).toFixed(1);
  find(output, '#headline', HTMLElement).replaceChildren(
    html('strong', {}, `${times} ×`),
    ' as fast as float MobileNet, on this device',
  );
  find(output, '#conditions', HTMLElement).textContent = conditions(report);
  drawWhereShown();
  find(output, '#builds', HTMLElement).replaceChildren(...report.profiles.map(profileOf));
  text.textContent = reportText(report);
}

/** @param {Report} report */
function conditions({ rounds, seconds }) {
  const threads = crossOriginIsolated
    ? ''
    : ' This page is not cross-origin isolated, so there is one thread.';
  return `Median and quartiles of ${rounds} rounds in ${seconds.toFixed(0)} s; random weights, which cost what trained ones do.${threads}`;
}

function drawWhereShown() {
  if (report) chart.replaceChildren(drawChart(report.results, chart.clientWidth));
}

/** @param {import('./worker.js').BuildProfile} profile */
function profileOf({ build, kernels }) {
  const times = timeByKernel(kernels);
  const strip = svg('svg', { class: 'strip', role: 'img' });
  showStrip(strip, times, sumOf(times));
  return html(
    'section',
    {},
    html(
      'h3',
      {},
      BUILD_NAMES[build],
      ' ',
      html('span', { class: 'unit' }, `${milliseconds(sumOf(times))} ms`),
    ),
    strip,
    html(
      'ul',
      { class: 'kernels' },
      ...times.map(({ kernel, milliseconds: time }, i) =>
        html(
          'li',
          {},
          html('span', { class: `swatch k${Math.min(i, COLOURS)}` }),
          html('span', { class: 'kernel' }, words(kernel)),
          html('span', { class: 'share' }, `${milliseconds(time)} ms`),
        ),
      ),
    ),
  );
}

async function copy() {
  const copied = find(output, '#copied', HTMLElement);
  try {
    await navigator.clipboard.writeText(text.textContent ?? '');
    copied.textContent = 'Copied';
  } catch {
    // Without https, or where the visitor refused.
    getSelection()?.selectAllChildren(text);
    copied.textContent = 'Selected: copy it with the keyboard or the menu';
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (worker) stop();
  else start();
});
find(output, '#copy', HTMLButtonElement).addEventListener('click', copy);
new ResizeObserver(drawWhereShown).observe(chart);
// A phone in a pocket has nothing to measure.
document.addEventListener('visibilitychange', () => {
  if (document.hidden && worker) stop();
});
keepForOffline();
