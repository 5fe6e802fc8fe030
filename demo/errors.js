// @ts-check
import { find } from './dom.js';

/**
 * The place where errors are told.
 * @param {HTMLElement} root
 */
export function createErrors(root) {
  const message = find(root, 'p', HTMLParagraphElement);
  function clear() {
    root.hidden = true;
    message.textContent = '';
  }
  find(root, 'button', HTMLButtonElement).addEventListener('click', clear);
  return {
    clear,
    /** @param {unknown} error */
    show(error) {
      // A newer picture or model took the place of this one.
      if (isAbortion(error)) return;
      root.hidden = false;
      message.textContent = error instanceof Error ? error.message : String(error);
    },
  };
}

/** @param {unknown} error */
function isAbortion(error) {
  if (!(error instanceof Error)) return false;
  return error.name === 'AbortError' || ('code' in error && error.code === 'ABORTED');
}
