import { createClassifier } from '../../../dist/worker/index.js';

/**
 * As a page does it: the network in a worker, a picture as ImageData, of the network's own size.
 * @type {import('../measure.js').Open}
 */
export async function open(address) {
  const classifier = await createClassifier(address, { workerUrl: '/code/worker.js' });
  const { build, input, memoryBytes } = classifier.describe();
  const [, height, width] = input;
  const picture = new ImageData(width, height);
  for (let at = 0; at < picture.data.length; at++) {
    picture.data[at] = at % 4 === 3 ? 255 : (at * 73) % 256;
  }
  return {
    async run() {
      const { predictions } = await classifier.classify(picture);
      return predictions.map(({ score }) => score);
    },
    build,
    memory: () => memoryBytes,
  };
}
