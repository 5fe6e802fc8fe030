import { loadModel } from '../../../dist/index.js';
import { buildOf } from '../measure.js';

/** @type {import('../measure.js').Open} */
export async function open(address, { nchw }, threads) {
  const model = await loadModel(address, { threads });
  return { run: () => model.run(nchw), build: buildOf(model.describe()) };
}
