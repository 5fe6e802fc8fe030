// @ts-check
import { drawBits } from './dither.js';
import { find } from './dom.js';

/**
 * @typedef {(picture: Blob, name: string) => void} OnPicture
 * @typedef {(error: unknown) => void} OnError
 */

/** A model of this package's, or one that can be converted. */
const MODEL_FILE = /\.(safetensors|onnx|tflite)$/i;

/**
 * The ways a still picture comes in: chosen, dropped anywhere on the page, pasted, or a sample; and a
 * model: chosen or dropped.
 * @param {object} events
 * @param {OnPicture} events.onPicture
 * @param {(file: File) => void} events.onModel
 * @param {OnError} events.onError
 */
export function listenForFiles({ onPicture, onModel, onError }) {
  const onFile = (/** @type {File} */ file) =>
    MODEL_FILE.test(file.name) ? onModel(file) : onPicture(file, file.name);
  listenForChoice(find(document, '#file', HTMLInputElement), ['#choose', '#drop'], onFile);
  listenForChoice(find(document, '#model-file', HTMLInputElement), ['#open-model'], onModel);
  listenForDrops(onFile, onError);
  listenForPastes(onPicture, onError);
  for (const button of document.querySelectorAll('[data-sample]')) {
    if (button instanceof HTMLButtonElement) listenForSample(button, onPicture, onError);
  }
}

/**
 * @param {HTMLInputElement} input
 * @param {readonly string[]} buttons that open it
 * @param {(file: File) => void} onFile
 */
function listenForChoice(input, buttons, onFile) {
  for (const selector of buttons) {
    find(document, selector, HTMLButtonElement).addEventListener('click', () => input.click());
  }
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    if (file) onFile(file);
    // The same file may be chosen again.
    input.value = '';
  });
}

/**
 * @param {(file: File) => void} onFile
 * @param {OnError} onError
 */
function listenForDrops(onFile, onError) {
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
    // A part of the page may have taken it.
    if (event.defaultPrevented || !event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) onFile(file);
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
  const draw = () => picture.naturalWidth > 0 && drawBits(canvas, picture);
  picture.addEventListener('load', draw);
  new IntersectionObserver(([entry], observer) => {
    if (!entry?.isIntersecting) return;
    observer.disconnect();
    picture.src = address;
  }).observe(button);
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
