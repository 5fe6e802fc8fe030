/** How alike feature vectors are. */

import { InputError } from './errors.ts';

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}

/**
 * How alike two vectors of `embed` are, whatever their lengths: the cosine of the angle between them.
 * @returns -1 to 1; 0 where one is all zeros
 * @throws InputError INPUT_SHAPE where they are not of one size
 * @example
 * ```js
 * import { cosineSimilarity } from 'mobinet';
 *
 * console.log(cosineSimilarity(Float32Array.of(3, 0), Float32Array.of(2, 2)).toFixed(3));
 * // 0.707
 * ```
 * @example
 * ```js
 * import { cosineSimilarity, loadModel } from 'mobinet/node';
 *
 * const model = await loadModel();
 * const cat = await model.embed('samples/chelsea.png');
 * const face = await model.embed('samples/chelsea.png', { region: { left: 0.2, top: 0, right: 0.8, bottom: 1 } });
 * const coffee = await model.embed('samples/coffee.png');
 * console.log(cosineSimilarity(cat, face) > cosineSimilarity(cat, coffee));
 * // true
 * ```
 */
export function cosineSimilarity(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) {
    throw new InputError('INPUT_SHAPE', `Vectors of ${a.length} and ${b.length} numbers`);
  }
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)) || 0;
}
