/** How many threads there may be. */

import { invalidOption } from '../errors.ts';

export const MOST_THREADS = 16;

/** `auto` takes no more: a network of one bit has too little work for them. */
const MOST_AUTOMATIC_THREADS = 4;

/** A number of threads that was asked for. */
export type ThreadWish = number | 'auto';

/** How many there will be. */
export interface ThreadChoice {
  readonly threads: number;
  /** Why there are fewer than asked for; undefined where there are not. */
  readonly reason: string | undefined;
}

/**
 * The wish, or one thread where memory cannot be shared.
 * @param cores of the machine, for `auto`
 * @throws InputError INVALID_OPTION
 */
export function chooseThreads(wish: ThreadWish, cores: number): ThreadChoice {
  const threads = wish === 'auto' ? Math.min(MOST_AUTOMATIC_THREADS, cores) : wish;
  if (!Number.isInteger(threads) || threads < 1 || threads > MOST_THREADS) {
    throw invalidOption('threads', wish, `a whole number from 1 to ${MOST_THREADS}, or 'auto'`);
  }
  const reason = threads > 1 ? whyNotShared() : undefined;
  return { threads: reason === undefined ? threads : 1, reason };
}

/** Why memory cannot be shared here; undefined where it can. */
function whyNotShared(): string | undefined {
  if (globalThis.crossOriginIsolated === false) {
    return (
      'the page is not cross-origin isolated: it must be served with Cross-Origin-Opener-Policy: ' +
      'same-origin and Cross-Origin-Embedder-Policy: require-corp'
    );
  }
  return typeof SharedArrayBuffer === 'function'
    ? undefined
    : 'this engine has no SharedArrayBuffer';
}
