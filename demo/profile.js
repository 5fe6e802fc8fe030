// @ts-check
import { find, html, svg } from './dom.js';
import { milliseconds, percent } from './format.js';
import { COLOURS, percentage, showStrip, sumOf, timeByKernel, words } from './kernel-times.js';

/**
 * @typedef {import('./types.js').Classifier} Classifier
 * @typedef {import('./types.js').StepTime} StepTime
 */

/** The clock of a browser is coarse: only many runs say something about a short step. */
const RUNS = { most: 100, milliseconds: 1500 };

/**
 * The layer profile, measured when it is opened.
 * @param {HTMLDetailsElement} root
 * @param {object} events
 * @param {() => Promise<Classifier>} events.classifier
 * @param {(error: unknown) => void} events.onError
 */
export function createProfile(root, { classifier, onError }) {
  const again = find(root, 'button', HTMLButtonElement);
  const status = find(root, '.profile-status', HTMLElement);
  const strip = find(root, '.strip', SVGSVGElement);
  const legend = find(root, '.kernels', HTMLUListElement);
  const table = find(root, 'tbody', HTMLTableSectionElement);
  /** @type {Promise<void> | undefined} */
  let measuring;

  /** @param {{ steps: StepTime[], runs: number }} profile */
  function show({ steps, runs }) {
    const total = sumOf(steps);
    const kernels = timeByKernel(steps);
    const colourOf = new Map(kernels.map(({ kernel }, i) => [kernel, `k${Math.min(i, COLOURS)}`]));
    status.textContent = `${milliseconds(total)} ms a run, the mean of the faster half of ${runs} runs`;
    showStrip(strip, kernels, total);
    legend.replaceChildren(
      ...kernels.map(({ kernel, milliseconds: time, steps: count }) =>
        html(
          'li',
          {},
          html('span', { class: `swatch ${colourOf.get(kernel)}` }),
          html('span', { class: 'kernel' }, words(kernel)),
          html('span', { class: 'share' }, `${milliseconds(time)} ms`),
          html('span', { class: 'share' }, percent(time / total)),
          html('span', { class: 'steps' }, count === 1 ? '1 step' : `${count} steps`),
        ),
      ),
    );
    const longest = Math.max(...steps.map((step) => step.milliseconds));
    table.replaceChildren(
      ...steps.map((step) => tableRow(step, longest, colourOf.get(step.kernel) ?? '')),
    );
  }

  function measure() {
    measuring ??= measureOnce().finally(() => {
      measuring = undefined;
    });
  }

  async function measureOnce() {
    again.disabled = true;
    status.textContent = 'Measuring';
    try {
      show(await measureModelInUse());
    } catch (error) {
      status.textContent = 'Not measured';
      onError(error);
    } finally {
      again.disabled = false;
    }
  }

  /** @returns {ReturnType<typeof meanProfile>} */
  async function measureModelInUse() {
    const measured = await classifier();
    const profile = await meanProfile(measured).catch((error) => error);
    // Another model may have taken its place meanwhile.
    if (measured !== (await classifier())) return measureModelInUse();
    if (profile instanceof Error) throw profile;
    return profile;
  }

  again.addEventListener('click', measure);
  root.addEventListener('toggle', () => {
    if (root.open) measure();
  });

  return {
    /** Resolves when nothing is being measured. */
    idle: async () => measuring,

    /** A model is ready, maybe another one than before. */
    renew() {
      root.hidden = false;
      if (root.open) measure();
    },
  };
}

/**
 * Each step's mean over the faster half of the runs: the others had to share the processor.
 * @param {Classifier} classifier
 * @returns {Promise<{ steps: StepTime[], runs: number }>}
 */
async function meanProfile(classifier) {
  const begin = performance.now();
  /** @type {StepTime[][]} */
  const all = [];
  do {
    all.push(await classifier.profile());
  } while (all.length < RUNS.most && performance.now() - begin < RUNS.milliseconds);
  const fastest = all.toSorted((a, b) => sumOf(a) - sumOf(b));
  const [first = [], ...rest] = fastest.slice(0, Math.ceil(all.length / 2));
  const steps = first.map((step, i) => {
    const times = [step, ...rest.map((run) => run[i] ?? step)];
    return { ...step, milliseconds: sumOf(times) / times.length };
  });
  return { steps, runs: all.length };
}

/**
 * @param {StepTime} step
 * @param {number} longest of all steps, in milliseconds
 * @param {string} colour
 */
function tableRow(step, longest, colour) {
  const width = percentage(longest > 0 ? step.milliseconds / longest : 0);
  const bar = svg(
    'svg',
    { class: 'step-bar', 'aria-hidden': 'true' },
    svg('rect', { class: colour, width, height: '100%' }),
  );
  return html(
    'tr',
    {},
    html('th', { scope: 'row' }, step.value),
    html('td', { class: 'kernel' }, words(step.kernel)),
    html('td', { class: 'step-time' }, bar),
    html('td', { class: 'numeric' }, step.milliseconds.toFixed(3)),
  );
}
