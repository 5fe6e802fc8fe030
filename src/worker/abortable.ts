import { abortError, invalidOption } from '../errors.ts';

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

/** The longest that timers take. */
export const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** @throws InputError INVALID_OPTION */
export function checkTimeout(option: string, milliseconds: number): void {
  if (milliseconds > 0) return;
  throw invalidOption(option, milliseconds, 'milliseconds, more than 0; Infinity for no limit');
}

/** The outcome of `work`, or `late` where it takes longer; what it comes to after that is dropped. */
export function within<T>(
  work: Promise<T>,
  milliseconds: number,
  late: (milliseconds: number) => Error,
): Promise<T> {
  if (milliseconds > LONGEST_TIMEOUT) return work;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late(milliseconds)), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
