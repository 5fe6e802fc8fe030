// @ts-check
import { clearBits, dissolveBits, drawBits } from './dither.js';
import { find } from './dom.js';

/** @typedef {import('./types.js').ModelDescription} ModelDescription */

/**
 * The square that shows the picture or the camera; while there is neither, a picture in one bit.
 * @param {HTMLElement} root
 * @param {string} emptyPicture address of the picture to show in one bit
 */
export function createStage(root, emptyPicture) {
  const shown = find(root, 'img', HTMLImageElement);
  const video = find(root, 'video', HTMLVideoElement);
  const bits = find(root, 'canvas', HTMLCanvasElement);
  const drop = find(root, 'button', HTMLButtonElement);
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  let dissolving = new AbortController();

  /** @param {'empty' | 'picture' | 'camera'} mode */
  function setMode(mode) {
    root.dataset.mode = mode;
    document.body.classList.toggle('answering', mode !== 'empty');
    shown.hidden = mode !== 'picture';
    video.hidden = mode !== 'camera';
    drop.hidden = mode !== 'empty';
    dissolving.abort();
    dissolving = new AbortController();
    clearBits(bits);
  }

  async function showEmpty() {
    setMode('empty');
    const { signal } = dissolving;
    const picture = new Image();
    picture.src = emptyPicture;
    await picture.decode().catch(() => undefined);
    if (!signal.aborted && picture.naturalWidth > 0) drawBits(bits, picture);
  }

  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    if (root.dataset.mode === 'empty') showEmpty();
  });
  showEmpty();

  return {
    video,
    showEmpty,
    showCamera: () => setMode('camera'),

    /**
     * Resolves when the picture stands, still under its bits.
     * @param {Blob} picture
     * @param {string} name for those who do not see it
     * @param {AbortSignal} signal keeps a picture that is no longer wanted off the stage
     * @throws Error where the browser cannot read it
     */
    async showPicture(picture, name, signal) {
      const address = URL.createObjectURL(picture);
      const decoded = new Image();
      decoded.src = address;
      try {
        await decoded.decode();
      } catch {
        URL.revokeObjectURL(address);
        throw new Error(`${name} is not a picture that this browser can read`);
      }
      if (signal.aborted) return URL.revokeObjectURL(address);
      URL.revokeObjectURL(shown.src);
      shown.src = address;
      shown.alt = name;
      setMode('picture');
      if (!still.matches) drawBits(bits, decoded);
    },

    /** Takes the bits off the picture. */
    reveal() {
      if (root.dataset.mode === 'picture') dissolveBits(bits, dissolving.signal);
    },

    /**
     * Shows that part of the picture that the network is given.
     * @param {ModelDescription['preprocessing']} preprocessing
     */
    frame({ size, resize, crop }) {
      const zoom = typeof resize.size === 'number' ? resize.size / Math.min(...size) : 1;
      root.dataset.fit = crop === 'center' ? 'cover' : 'fill';
      root.style.setProperty('--zoom', crop === 'center' ? String(zoom) : '1');
    },
  };
}
