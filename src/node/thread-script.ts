/** The script of a thread of Node. */

import { parentPort, workerData } from 'node:worker_threads';
import { serveThread, type ThreadStart } from '../runtime/thread.ts';

await serveThread(workerData as ThreadStart, (report) => parentPort!.postMessage(report));
