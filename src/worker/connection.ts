import { type MobinetError, RuntimeError } from '../errors.ts';
import { LONGEST_TIMEOUT } from './abortable.ts';
import { reviveError } from './packed-error.ts';
import type { CallName, Calls, Reply, Request } from './protocol.ts';

/** The page's end of a worker. */
export interface Connection {
  /**
   * Asks the worker.
   * @param transfer what is handed over rather than copied
   * @throws the worker's error, or the one that the connection was closed with; DataCloneError where
   * the argument cannot be posted
   */
  call<Name extends CallName>(
    name: Name,
    argument: Calls[Name]['argument'],
    transfer?: Transferable[],
  ): Promise<Calls[Name]['result']>;
  /** Ends the worker and rejects at once what it has not responded to, and every later call. */
  close(error: MobinetError): void;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: MobinetError): void;
}

/** So many times it is asked whether it is there, so that a page that slept does not think it gone. */
const PINGS = 3;

/** And so many times before its first word: its script may come slowly. */
const STARTING_PINGS = 4 * PINGS;

/**
 * @param timeout milliseconds that the worker may say nothing while something is asked of it: of one
 * that is ended from outside nothing is told
 * @param onClose told when the connection is closed: by `close`, or because the worker failed
 */
export function connect(
  worker: Worker,
  timeout: number,
  onClose: (error: MobinetError) => void,
): Connection {
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let closed: MobinetError | undefined;
  let silent = 0;
  let patience = STARTING_PINGS;
  let timer: ReturnType<typeof setInterval> | undefined;

  const rest = () => {
    clearInterval(timer);
    timer = undefined;
  };
  const watch = () => {
    if (timer !== undefined || timeout > LONGEST_TIMEOUT) return;
    silent = 0;
    timer = setInterval(() => {
      if (++silent < patience) post('ping', undefined);
      else close(gone((timeout * patience) / PINGS));
    }, timeout / PINGS);
  };
  const post = <Name extends CallName>(
    call: Name,
    argument: Calls[Name]['argument'],
    transfer: Transferable[] = [],
  ): number => {
    const id = ++lastId;
    worker.postMessage({ call, id, argument } as Request, transfer);
    return id;
  };
  const close = (error: MobinetError) => {
    if (closed !== undefined) return;
    closed = error;
    rest();
    worker.terminate();
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
    onClose(error);
  };
  const take = (id: number): Pending | undefined => {
    const call = pending.get(id);
    pending.delete(id);
    if (pending.size === 0) rest();
    return call;
  };

  worker.addEventListener('message', ({ data: reply }: MessageEvent<Reply>) => {
    silent = 0;
    patience = PINGS;
    if (reply.type === 'response') take(reply.id)?.resolve(reply.result);
    if (reply.type === 'failure') take(reply.id)?.reject(reviveError(reply.error));
  });
  worker.addEventListener('error', (event) => close(workerFailure(event)));
  worker.addEventListener('messageerror', () =>
    close(new RuntimeError('WORKER_FAILED', 'A message of the worker cannot be read')),
  );

  return {
    call: (name, argument, transfer = []) =>
      new Promise((resolve, reject) => {
        if (closed !== undefined) {
          reject(closed);
          return;
        }
        const id = post(name, argument, transfer);
        watch();
        pending.set(id, { resolve: resolve as Pending['resolve'], reject });
      }),
    close,
  };
}

function gone(timeout: number): RuntimeError {
  return new RuntimeError('WORKER_FAILED', `The worker has said nothing for ${timeout} ms`, {
    hint: 'was it ended from outside? Where one run of the network takes longer, set workerTimeout',
  });
}

/** What a page that starts workers has to see to. */
export const WORKER_POLICY_HINT =
  'a Content-Security-Policy must allow it in worker-src; a script of another origin must send CORS headers, and its origin and blob: must be allowed there';

/** A script that throws says what; one that cannot be loaded says nothing. */
function workerFailure({ message, error }: ErrorEvent): RuntimeError {
  return message
    ? new RuntimeError('WORKER_FAILED', `The worker failed: ${message}`, {
        cause: error,
      })
    : new RuntimeError('WORKER_FAILED', "The worker's script cannot be loaded", {
        hint: `is it there? ${WORKER_POLICY_HINT}`,
      });
}
