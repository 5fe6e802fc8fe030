/** A thread that classifies files: one model, one picture after the other. */

import { parentPort, workerData } from 'node:worker_threads';
import { loadModel } from '../node/load.ts';
import { classifyFile } from './classify.ts';
import type { ClassifyResponse, ClassifyTask, ClassifyWorkerData } from './classify-threads.ts';

const { modelBytes, activations, build, options } = workerData as ClassifyWorkerData;
const model = await loadModel(modelBytes, { activations, build });

parentPort!.on('message', async ({ index, path }: ClassifyTask) => {
  const response: ClassifyResponse = { index, ...(await classifyFile(model, path, options)) };
  parentPort!.postMessage(response);
});
