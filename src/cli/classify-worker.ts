/** A thread that classifies files: one model, one picture after the other. */

import { parentPort, workerData } from 'node:worker_threads';
import { loadModel } from '../node/load.ts';
import { classifyFile } from './classify.ts';
import type { ClassifyResponse, ClassifyTask, ClassifyWorkerData } from './classify-threads.ts';
import { changesOfLabel } from './steadiness.ts';

const { modelBytes, options, steadiness, ...loading } = workerData as ClassifyWorkerData;
const model = await loadModel(modelBytes, loading);

parentPort!.on('message', async ({ index, path }: ClassifyTask) => {
  const result = await classifyFile(model, path, options);
  const changes =
    steadiness && !('error' in result)
      ? await changesOfLabel(model, path, options, index)
      : undefined;
  parentPort!.postMessage({ index, ...result, changes } satisfies ClassifyResponse);
});
