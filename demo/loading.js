// @ts-check
import { find } from './dom.js';
import { bytes } from './format.js';

/**
 * How far the model has been downloaded.
 * @param {HTMLElement} root
 */
export function createLoading(root) {
  const progress = find(root, 'progress', HTMLProgressElement);
  const amount = find(root, 'output', HTMLOutputElement);
  return {
    begin() {
      root.hidden = false;
      progress.removeAttribute('value');
      amount.textContent = '';
    },
    /** @param {{ loaded: number, total: number | undefined }} progress in bytes */
    show({ loaded, total }) {
      if (total !== undefined) progress.value = loaded / total;
      amount.textContent = total ? `${bytes(loaded)} of ${bytes(total)}` : bytes(loaded);
    },
    end() {
      root.hidden = true;
    },
  };
}
