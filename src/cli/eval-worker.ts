/** A thread of `mobinet eval`: one model, one picture after the other. */

import { parentPort, workerData } from 'node:worker_threads';
import { loadModel } from '../node/load.ts';
import { classifyFile } from './classify.ts';
import type { EvalResponse, EvalTask, EvalWorkerData } from './eval-threads.ts';

const { modelBytes, activations, build, topK } = workerData as EvalWorkerData;
const model = await loadModel(modelBytes, { activations, build });

parentPort!.on('message', async ({ index, path }: EvalTask) => {
  const result = await classifyFile(model, path, { topK });
  const response: EvalResponse =
    'error' in result ? { index, error: result.error } : { index, predictions: result.predictions };
  parentPort!.postMessage(response);
});
