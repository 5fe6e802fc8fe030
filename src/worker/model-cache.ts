import { GraphError, ModelFormatError } from '../errors.ts';
import { type ReadOptions, readSource } from '../file/read-source.ts';

/**
 * Loads from the cache where the model is there, else from the network, and keeps what was loaded.
 * Only bytes that `load` took are kept; kept bytes that it refuses are fetched anew. A browser that
 * refuses the cache itself (private windows, full disks) goes without.
 */
export async function loadThroughCache<T>(
  address: string,
  cacheName: string,
  load: (bytes: Uint8Array) => Promise<T>,
  options: ReadOptions = {},
): Promise<T> {
  const cache = await unlessRefused(caches.open(cacheName));
  const kept = cache && (await unlessRefused(cache.match(address)));
  if (kept !== undefined) {
    try {
      return await load(await readSource(kept, options));
    } catch (error) {
      if (!(error instanceof ModelFormatError || error instanceof GraphError)) throw error;
    }
  }
  const bytes = await readSource(address, options);
  const loaded = await load(bytes);
  const headers = { 'content-length': String(bytes.length) };
  const copy = new Response(bytes as Uint8Array<ArrayBuffer>, { headers });
  if (cache !== undefined) await unlessRefused(cache.put(address, copy));
  return loaded;
}

function unlessRefused<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch(() => undefined);
}
