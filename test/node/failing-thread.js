// A thread that takes part until it has a piece of work, and then ends as its name tells it to.
import { parentPort, workerData } from 'node:worker_threads';
import { openLedger } from '../../dist/runtime/ledger.js';

const { team, thread } = workerData;
const ledger = openLedger(team.ledger, team.steps, thread, team.threads);
parentPort?.postMessage({ type: 'ready' });
ledger.awaitStart();
try {
  ledger.run(() => {
    throw new Error('a broken kernel');
  });
} finally {
  ledger.fail();
}
