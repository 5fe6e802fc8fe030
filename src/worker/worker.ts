/**
 * The worker's script where one thread is asked for. What several take is in another script instead
 * of being imported when needed: Vite's builds make a worker a single file by default.
 */

import { RuntimeError } from '../errors.ts';
import { type Port, serve } from './serve.ts';
import { uncommonFamilies } from './uncommon-families.ts';

const openThreadPool = async () => {
  throw new RuntimeError('WORKER_FAILED', 'the script is the one for a single thread', {
    hint: 'give that of dist/worker/threads-worker.js as `workerUrl`',
  });
};

serve(globalThis as unknown as Port, openThreadPool, uncommonFamilies);
