// @ts-check
import { find, html } from './dom.js';

/**
 * @typedef {import('./types.js').Classifier} Classifier
 * @typedef {import('./types.js').LoadProgress} LoadProgress
 * @typedef {import('./types.js').ModelEntry} ModelEntry
 */

/**
 * The models that the page offers, the first one to begin with.
 * @returns {Promise<[ModelEntry, ...ModelEntry[]]>}
 */
export async function readModels() {
  const response = await fetch('models.json');
  if (!response.ok) throw new Error('The list of models cannot be fetched');
  const models = await response.json();
  if (models.length === 0) throw new Error('The list of models is empty');
  return models;
}

/**
 * The model in use. Another one takes its place when it is ready, and not where it fails; what was
 * opened stays open, to be compared and come back to.
 * @param {object} events
 * @param {() => void} events.onBegin
 * @param {(progress: LoadProgress) => void} events.onProgress
 * @param {(classifier: Classifier, entry: ModelEntry) => void} events.onReady
 * @param {(error: unknown) => void} events.onError
 * @param {() => void} events.onEnd
 */
export function createModelInUse({ onBegin, onProgress, onReady, onError, onEnd }) {
  /** @type {{ resolve: (classifier: Classifier) => void, reject: (error: unknown) => void }} */
  let first;
  /** @type {Promise<Classifier>} */
  let inUse = new Promise((resolve, reject) => {
    first = { resolve, reject };
  });
  // Whoever waits for it is told as well.
  inUse.catch(() => undefined);
  /** @type {Map<ModelEntry, Classifier>} */
  const opened = new Map();
  let opening = new AbortController();

  return {
    /** Waits for the first model; rejects where that cannot be loaded. */
    classifier: () => inUse,

    /** All that are ready, in the order of their first use. */
    opened: () => [...opened],

    /**
     * @param {ModelEntry} entry
     * @param {boolean} kept whether a service worker keeps what is fetched
     */
    async use(entry, kept) {
      opening.abort();
      opening = new AbortController();
      const { signal } = opening;
      onBegin();
      try {
        const next =
          opened.get(entry) ?? (await openModel(entry, { onProgress, signal, cache: !kept }));
        opened.set(entry, next);
        first.resolve(next);
        inUse = Promise.resolve(next);
        onReady(next, entry);
      } catch (error) {
        if (signal.aborted) return;
        first.reject(error);
        onError(error);
      } finally {
        if (!signal.aborted) onEnd();
      }
    },

    /**
     * A model that is no longer offered.
     * @param {ModelEntry} entry
     */
    forget(entry) {
      opened.get(entry)?.dispose();
      opened.delete(entry);
    },
  };
}

/**
 * Loads a model into a worker of its own, where the newest picture goes first.
 * @param {ModelEntry} entry
 * @param {import('../src/worker/index.ts').ClassifierOptions} options
 * @returns {Promise<Classifier>}
 */
export async function openModel(entry, options) {
  const library = new URL('dist/worker/index.js', document.baseURI).href;
  /** @type {typeof import('../src/worker/index.ts')} */
  const { createClassifier } = await import(library);
  const source = entry.bytes ?? new URL(entry.url, document.baseURI).href;
  return createClassifier(source, { queue: 'latest', ...options });
}

/**
 * The model file.
 * @param {ModelEntry} entry
 * @returns {Promise<Uint8Array>}
 */
export async function readModelBytes({ bytes, url, name }) {
  if (bytes !== undefined) return bytes;
  const response = await fetch(new URL(url, document.baseURI));
  if (!response.ok) throw new Error(`${name} cannot be fetched: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * One button a model, and one for the visitor's own.
 * @param {HTMLFormElement} form
 * @param {readonly ModelEntry[]} models
 * @param {(entry: ModelEntry) => void} onChoice
 */
export function createModelSwitch(form, models, onChoice) {
  const fieldset = find(form, 'fieldset', HTMLFieldSetElement);
  /** @param {ModelEntry} entry */
  const createChoice = (entry) => {
    const input = html('input', { type: 'radio', name: 'model', value: entry.url });
    input.addEventListener('change', () => onChoice(entry));
    const label = html('label', { title: entry.note }, input, html('span', {}, entry.name));
    fieldset.append(label);
    return { entry, input, label };
  };
  const choices = models.map(createChoice);
  /** @type {ReturnType<typeof createChoice> | undefined} */
  let own;
  const showOrHide = () => {
    form.hidden = choices.length + (own ? 1 : 0) < 2;
  };
  showOrHide();
  return {
    /** @param {ModelEntry | undefined} used the one that is in use */
    mark(used) {
      for (const { entry, input } of [...choices, ...(own ? [own] : [])]) {
        input.checked = entry === used;
      }
    },

    /**
     * Offers a model of the visitor's own; there is one at a time.
     * @param {ModelEntry} entry
     * @returns {ModelEntry | undefined} the one that it takes the place of
     */
    offerOwn(entry) {
      if (own?.entry === entry) return undefined;
      const before = own;
      before?.label.remove();
      own = createChoice(entry);
      showOrHide();
      return before?.entry;
    },
  };
}
