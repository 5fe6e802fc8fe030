// @ts-check
/** Makes the PNG icons from icon.svg: `node demo/icons/render.js`. */

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const BLUE = '#2a3bd1';
const VIEW_BOX_DENSITY = 72;

/** @type {(name: string) => string} */
const beside = (name) => fileURLToPath(new URL(name, import.meta.url));
const drawing = await readFile(beside('icon.svg'));

/**
 * @param {number} size of the square, in pixels
 * @param {number} margin on each side, in pixels
 */
function render(size, margin = 0) {
  const inner = size - 2 * margin;
  return sharp(drawing, { density: (VIEW_BOX_DENSITY * inner) / 64 })
    .resize(inner)
    .extend({ top: margin, bottom: margin, left: margin, right: margin, background: BLUE });
}

await render(192).png().toFile(beside('icon-192.png'));
await render(512).png().toFile(beside('icon-512.png'));
// Launchers cut these two to their own shape: no transparent corner, and air around the drawing.
await render(512, 50).flatten({ background: BLUE }).png().toFile(beside('icon-maskable-512.png'));
await render(180).flatten({ background: BLUE }).png().toFile(beside('icon-apple-180.png'));
