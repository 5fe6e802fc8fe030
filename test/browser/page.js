// Gives the built package to the tests, which run their functions in this page.
import { compose } from '../../dist/image/compose.js';
import * as core from '../../dist/index.js';
import * as worker from '../../dist/worker/index.js';
import { createPixelReader } from '../../dist/worker/pixel-reader.js';
import { toPostable } from '../../dist/worker/post-picture.js';

const MODEL = '/models/mobinet-mid-k3-w50-64.safetensors';

/**
 * What a promise rejects with, and whether it is of the class that it names.
 * @param {Promise<unknown>} promise
 */
async function failureOf(promise) {
  try {
    await promise;
  } catch (error) {
    const { name, code, message, hint } = /** @type {core.MobinetError} */ (error);
    const ownClass = Object.entries(worker).find((entry) => entry[0] === name)?.[1];
    const ofItsClass = typeof ownClass === 'function' && error instanceof ownClass;
    return { name, code, message, hint, ofItsClass };
  }
  throw new Error('It did not fail');
}

/**
 * A picture of one colour.
 * @param {number} red
 * @param {number} green
 * @param {number} blue
 */
function plainPicture(red, green, blue, width = 80, height = 70) {
  const picture = new ImageData(width, height);
  picture.data.set(Array.from({ length: width * height }, () => [red, green, blue, 255]).flat());
  return picture;
}

/** @param {string} address */
async function decodedImage(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}

globalThis.mobinet = {
  ...core,
  ...worker,
  compose,
  createPixelReader,
  toPostable,
  MODEL,
  failureOf,
  plainPicture,
  decodedImage,
};
