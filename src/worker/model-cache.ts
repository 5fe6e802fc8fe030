import { GraphError, ModelFormatError } from '../errors.ts';
import { type ReadOptions, readSource } from '../file/read-source.ts';
import type { Keeping } from './protocol.ts';

export const DEFAULT_CACHE = 'mobinet-models';

/**
 * Removes the models that classifiers keep for the next visit.
 * @param cacheName as in the option `cache`; by default that of classifiers that name none
 * @returns whether there were any
 * @example
 * ```js
 * import { clearModelCache } from 'mobinet/worker';
 *
 * console.log(await clearModelCache('no-such-cache'));
 * // false
 * ```
 */
export async function clearModelCache(cacheName: string = DEFAULT_CACHE): Promise<boolean> {
  return typeof caches !== 'undefined' && caches.delete(cacheName);
}

interface CacheOptions extends ReadOptions {
  /** Whether the server is asked for changes of what is kept. */
  revalidate?: boolean | undefined;
}

/**
 * Loads from the cache where the model is there, else from the network, and says then where it is to
 * be kept. Kept bytes that `load` refuses are fetched anew. A browser that refuses the cache itself
 * (private windows) goes without.
 */
export async function loadThroughCache<T>(
  keeping: Keeping,
  load: (bytes: Uint8Array, keeping: Keeping | undefined) => Promise<T>,
  options: CacheOptions = {},
): Promise<T> {
  const kept = await find(keeping).catch(() => undefined);
  const newer = kept && options.revalidate ? await newerThan(kept, keeping, options) : undefined;
  if (kept !== undefined && newer === undefined) {
    try {
      return await load(await readSource(kept, options), undefined);
    } catch (error) {
      if (!(error instanceof ModelFormatError || error instanceof GraphError)) throw error;
    }
  }
  let etag: string | null = null;
  const onResponse = ({ headers }: Response) => {
    etag = headers.get('etag');
  };
  const bytes = await readSource(newer ?? keeping.address, { ...options, onResponse });
  return load(bytes, { ...keeping, etag });
}

/** What the server has instead of the kept response; undefined where it cannot be asked. */
async function newerThan(
  kept: Response,
  { address }: Keeping,
  options: CacheOptions,
): Promise<Response | undefined> {
  try {
    const { changed } = await import('./revalidate.ts');
    return await changed(kept, address, options.signal);
  } catch {
    return undefined;
  }
}

async function find({ cacheName, address }: Keeping): Promise<Response | undefined> {
  const cache = await caches.open(cacheName);
  return cache.match(address);
}

/** Keeps a model for the next visit, unless the browser refuses (private windows, full disks). */
export async function keep(
  { cacheName, address, etag }: Keeping,
  bytes: Uint8Array,
): Promise<void> {
  const headers = { 'content-length': String(bytes.length), ...(etag && { etag }) };
  try {
    const cache = await caches.open(cacheName);
    await cache.put(address, new Response(bytes as Uint8Array<ArrayBuffer>, { headers }));
  } catch {
    // The next visit fetches it again.
  }
}
