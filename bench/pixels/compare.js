/**
 * The pixels of Node beside those of Pillow, over a folder that make.py has made: how many files are equal, level for
 * level, and by how much the others differ.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodePicture } from '../../dist/node/index.js';

const [folder = ''] = process.argv.slice(2);
/** @type {{ pillow: string, sizes: Record<string, [number, number]> }} */
const { pillow, sizes } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));

/** @type {Record<string, string[]>} */
const groups = {};
for (const [file, [width, height]] of Object.entries(sizes)) {
  const what = await differenceOf(file, width, height);
  groups[what] = [...(groups[what] ?? []), file.replace('.png', '')];
}
console.log(`${Object.keys(sizes).length} files, beside Pillow ${pillow}`);
for (const [what, files] of Object.entries(groups)) {
  console.log(`${what}: ${files.length}${what === 'equal' ? '' : ` (${files.join(', ')})`}`);
}

/**
 * @param {string} file
 * @param {number} width
 * @param {number} height
 */
async function differenceOf(file, width, height) {
  const picture = await decodePicture(readFileSync(join(folder, file))).catch(
    (/** @type {Error} */ error) => error,
  );
  if (picture instanceof Error) return picture.message;
  if (picture.width !== width || picture.height !== height) return 'another size';
  const expected = readFileSync(join(folder, `${file}.rgb`));
  const { data, channels } = picture;
  let most = 0;
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let c = 0; c < 3; c++) {
      const level = data[pixel * channels + c] ?? Number.NaN;
      most = Math.max(most, Math.abs(level - (expected[pixel * 3 + c] ?? Number.NaN)));
    }
  }
  return most === 0 ? 'equal' : `up to ${most} levels`;
}
