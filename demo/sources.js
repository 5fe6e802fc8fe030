// @ts-check
import { drawBits } from './dither.js';
import { find } from './dom.js';

/**
 * @typedef {(picture: Blob, name: string) => void} OnPicture
 * @typedef {(error: unknown) => void} OnError
 */

/**
 * The ways a still picture comes in: chosen, dropped anywhere on the page, pasted, or a sample.
 * @param {OnPicture} onPicture
 * @param {OnError} onError
 */
export function listenForPictures(onPicture, onError) {
  listenForFiles(onPicture);
  listenForDrops(onPicture, onError);
  listenForPastes(onPicture, onError);
  for (const button of document.querySelectorAll('[data-sample]')) {
    if (button instanceof HTMLButtonElement) listenForSample(button, onPicture, onError);
  }
}

/** @param {OnPicture} onPicture */
function listenForFiles(onPicture) {
  const input = find(document, '#file', HTMLInputElement);
  for (const selector of ['#choose', '#drop']) {
    find(document, selector, HTMLButtonElement).addEventListener('click', () => input.click());
  }
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    if (file) onPicture(file, file.name);
    // The same file may be chosen again.
    input.value = '';
  });
}

/**
 * @param {OnPicture} onPicture
 * @param {OnError} onError
 */
function listenForDrops(onPicture, onError) {
  const { body } = document;
  document.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    body.classList.add('dragging');
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) body.classList.remove('dragging');
  });
  document.addEventListener('drop', (event) => {
    body.classList.remove('dragging');
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) onPicture(file, file.name);
    else onError(new Error('Nothing that can be read was dropped: drop a picture file'));
  });
}

/**
 * @param {OnPicture} onPicture
 * @param {OnError} onError
 */
function listenForPastes(onPicture, onError) {
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    const picture = files.find((file) => file.type.startsWith('image/'));
    if (picture) onPicture(picture, 'The pasted picture');
    else onError(new Error('There is no picture in the clipboard'));
  });

  const button = find(document, '#paste', HTMLButtonElement);
  button.hidden = !navigator.clipboard?.read;
  button.addEventListener('click', async () => {
    try {
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find((name) => name.startsWith('image/'));
        if (type) return onPicture(await item.getType(type), 'The pasted picture');
      }
      throw new Error('There is no picture in the clipboard');
    } catch (error) {
      const refused = error instanceof DOMException && error.name === 'NotAllowedError';
      onError(refused ? new Error('The browser did not allow reading the clipboard') : error);
    }
  });
}

/**
 * A button with a picture in one bit.
 * @param {HTMLButtonElement} button
 * @param {OnPicture} onPicture
 * @param {OnError} onError
 */
function listenForSample(button, onPicture, onError) {
  const address = button.dataset.sample ?? '';
  const canvas = find(button, 'canvas', HTMLCanvasElement);
  const picture = new Image();
  const draw = () => drawBits(canvas, picture);
  picture.addEventListener('load', draw);
  picture.src = address;
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);

  button.addEventListener('click', async () => {
    try {
      const response = await fetch(address);
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      onPicture(await response.blob(), `Sample: ${button.textContent?.trim()}`);
    } catch (cause) {
      onError(new Error(`The sample ${address} cannot be fetched`, { cause }));
    }
  });
}
