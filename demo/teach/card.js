// @ts-check
import { find, html } from '../dom.js';

/**
 * @typedef {object} Example a picture of a class
 * @property {Float32Array} features
 * @property {HTMLCanvasElement} thumbnail
 */

/** Pixels of a side of a thumbnail. */
const THUMBNAIL = 96;

/**
 * The card of a class: its name, its pictures, and the ways that more come in.
 * @param {string} name
 * @param {object} events
 * @param {(isHeld: () => boolean) => void} events.onHold the button is held, until that says no
 * @param {(files: File[]) => void} events.onFiles
 * @param {() => void} events.onChange name or pictures are others
 * @param {() => void} events.onRemove
 */
export function createCard(name, { onHold, onFiles, onChange, onRemove }) {
  const element = html('li', { class: 'card' });
  element.innerHTML = `
    <header>
      <input class="class-name" aria-label="Name of the class" maxlength="60" autocomplete="off" spellcheck="false">
      <output class="count">no pictures</output>
      <button type="button" class="remove" aria-label="Remove the class">×</button>
    </header>
    <div class="thumbnails"></div>
    <div class="toolbar">
      <button type="button" class="hold">Hold to look</button>
      <button type="button" class="files">Add pictures</button>
      <input type="file" accept="image/*" multiple hidden>
    </div>`;
  const input = find(element, '.class-name', HTMLInputElement);
  const count = find(element, '.count', HTMLOutputElement);
  const thumbnails = find(element, '.thumbnails', HTMLElement);
  const chooser = find(element, 'input[type=file]', HTMLInputElement);
  input.value = name;
  /** @type {Example[]} */
  let examples = [];

  function change() {
    const { length } = examples;
    count.value = length === 0 ? 'no pictures' : length === 1 ? '1 picture' : `${length} pictures`;
    onChange();
  }

  input.addEventListener('input', onChange);
  find(element, '.remove', HTMLButtonElement).addEventListener('click', onRemove);
  find(element, '.files', HTMLButtonElement).addEventListener('click', () => chooser.click());
  chooser.addEventListener('change', () => {
    onFiles([...(chooser.files ?? [])]);
    chooser.value = '';
  });
  listenForDrop(element, onFiles);
  listenForHold(find(element, '.hold', HTMLButtonElement), onHold);

  return {
    element,
    name: () => input.value.trim() || name,
    examples: () => examples,
    /** @param {Example} example */
    add(example) {
      examples = [...examples, example];
      const button = html(
        'button',
        { type: 'button', 'aria-label': 'Take this picture out', title: 'Take this picture out' },
        example.thumbnail,
      );
      button.addEventListener('click', () => {
        examples = examples.filter((other) => other !== example);
        button.remove();
        change();
      });
      thumbnails.prepend(button);
      change();
    },
  };
}

/**
 * The middle square of a picture, small.
 * @param {HTMLVideoElement | ImageBitmap} source
 */
export function thumbnailOf(source) {
  const [width, height] =
    source instanceof HTMLVideoElement
      ? [source.videoWidth, source.videoHeight]
      : [source.width, source.height];
  const side = Math.min(width, height);
  const canvas = html('canvas', { width: String(THUMBNAIL), height: String(THUMBNAIL) });
  const [left, top] = [(width - side) / 2, (height - side) / 2];
  canvas.getContext('2d')?.drawImage(source, left, top, side, side, 0, 0, THUMBNAIL, THUMBNAIL);
  return canvas;
}

/**
 * @param {HTMLElement} element
 * @param {(files: File[]) => void} onFiles
 */
function listenForDrop(element, onFiles) {
  element.addEventListener('drop', (event) => {
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    onFiles(files);
  });
}

/**
 * By finger, mouse or key.
 * @param {HTMLButtonElement} button
 * @param {(isHeld: () => boolean) => void} onHold
 */
function listenForHold(button, onHold) {
  let held = false;
  function press() {
    if (held) return;
    held = true;
    button.classList.add('active');
    onHold(() => held);
  }
  function release() {
    held = false;
    button.classList.remove('active');
  }
  const isKey = (/** @type {KeyboardEvent} */ { key }) => key === ' ' || key === 'Enter';
  button.addEventListener('pointerdown', (event) => {
    button.setPointerCapture(event.pointerId);
    press();
  });
  for (const end of ['pointerup', 'pointercancel', 'blur']) button.addEventListener(end, release);
  button.addEventListener('keydown', (event) => isKey(event) && press());
  button.addEventListener('keyup', (event) => isKey(event) && release());
  // A long touch would open a menu.
  button.addEventListener('contextmenu', (event) => event.preventDefault());
}
