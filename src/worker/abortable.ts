import { RuntimeError } from '../errors.ts';

/** @throws RuntimeError ABORTED */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}

/**
 * The outcome of `work`, or RuntimeError ABORTED as soon as the signal says so; what the work comes
 * to after that is dropped.
 */
export function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(abortError(signal));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function abortError(signal: AbortSignal): RuntimeError {
  return new RuntimeError('ABORTED', 'The request was aborted', { cause: signal.reason });
}
