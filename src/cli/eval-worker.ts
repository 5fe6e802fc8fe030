/** A thread of `mobinet eval`: one model, one picture after the other. */

import { parentPort, workerData } from 'node:worker_threads';
import { loadModel } from '../node/load.ts';
import { classifyFile } from './classify.ts';
import type { EvalAnswer, EvalTask, EvalWorkerData } from './eval-pool.ts';

const { modelBytes, build, stream, topK } = workerData as EvalWorkerData;
const model = await loadModel(modelBytes, { build, stream });

parentPort!.on('message', async ({ index, path }: EvalTask) => {
  const result = await classifyFile(model, path, topK);
  const answer: EvalAnswer =
    'error' in result ? { index, error: result.error } : { index, predictions: result.predictions };
  parentPort!.postMessage(answer);
});
