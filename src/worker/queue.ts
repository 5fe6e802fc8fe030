import { invalidOption, type MobinetError, RuntimeError } from '../errors.ts';

/**
 * What becomes of requests while another runs. `all`: they wait for their turn. `latest`: only the
 * newest waits, and the one that it replaces is rejected with ABORTED; for video.
 */
export type QueuePolicy = 'all' | 'latest';

/** Runs one piece of work at a time, in order. */
export interface Queue {
  add<T>(work: () => Promise<T>): Promise<T>;
  /** Rejects at once what runs and what waits. */
  reject(error: MobinetError): void;
  /** The same, and whatever is added later. */
  close(error: MobinetError): void;
}

interface Job {
  readonly run: () => Promise<void>;
  readonly reject: (error: MobinetError) => void;
}

/** @throws InputError INVALID_OPTION */
export function createQueue(policy: QueuePolicy): Queue {
  if (policy !== 'all' && policy !== 'latest') {
    throw invalidOption('queue', policy, "'all' or 'latest'");
  }
  const waiting = new Set<Job>();
  let running: Job | undefined;
  let closed: MobinetError | undefined;

  const rejectWaiting = (error: MobinetError) => {
    for (const job of waiting) job.reject(error);
    waiting.clear();
  };
  const startNext = () => {
    const [job] = waiting;
    if (running !== undefined || job === undefined) return;
    waiting.delete(job);
    running = job;
    job.run().then(() => {
      running = undefined;
      startNext();
    });
  };

  const reject = (error: MobinetError) => {
    running?.reject(error);
    rejectWaiting(error);
  };

  return {
    add: (work) =>
      new Promise((resolve, reject) => {
        if (closed !== undefined) {
          reject(closed);
          return;
        }
        if (policy === 'latest') {
          rejectWaiting(new RuntimeError('ABORTED', 'A newer request took the place of this one'));
        }
        waiting.add({ run: () => work().then(resolve, reject), reject });
        startNext();
      }),
    reject,
    close(error) {
      closed ??= error;
      reject(error);
    },
  };
}
