import { loadModel } from '../../../dist/index.js';

/** @type {import('../measure.js').Open} */
export async function open(address, { nchw }) {
  const model = await loadModel(address);
  return { run: () => model.run(nchw), build: model.build };
}
