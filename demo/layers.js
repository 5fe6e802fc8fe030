// @ts-check
import { find } from './dom.js';
import { readModelBytes } from './models.js';

/** @typedef {import('./types.js').ModelEntry} ModelEntry */

/**
 * Layers, cost and labels of the model in use, worked out when they are opened.
 * @param {HTMLDetailsElement} root
 * @param {(error: unknown) => void} onError
 */
export function createLayers(root, onError) {
  const inside = find(root, 'div', HTMLElement);
  /** @type {ModelEntry | undefined} */
  let entry;
  /** @type {ModelEntry | undefined} */
  let shown;

  async function show() {
    if (!root.open || entry === undefined || entry === shown) return;
    shown = entry;
    try {
      const { inspect } = await import('./inspect.js');
      inside.replaceChildren(...(await inspect(await readModelBytes(shown))));
    } catch (error) {
      shown = undefined;
      onError(error);
    }
  }
  root.addEventListener('toggle', show);

  return {
    /** @param {ModelEntry} used the model in use */
    use(used) {
      root.hidden = false;
      entry = used;
      show();
    },
  };
}
