import { GraphError, ModelFormatError } from '../errors.ts';
import { type ReadOptions, readSource } from '../file/read-source.ts';
import type { Keeping } from './protocol.ts';

/**
 * Loads from the cache where the model is there, else from the network, and says then where it is to
 * be kept. Kept bytes that `load` refuses are fetched anew. A browser that refuses the cache itself
 * (private windows) goes without.
 */
export async function loadThroughCache<T>(
  keeping: Keeping,
  load: (bytes: Uint8Array, keeping: Keeping | undefined) => Promise<T>,
  options: ReadOptions = {},
): Promise<T> {
  const kept = await find(keeping).catch(() => undefined);
  if (kept !== undefined) {
    try {
      return await load(await readSource(kept, options), undefined);
    } catch (error) {
      if (!(error instanceof ModelFormatError || error instanceof GraphError)) throw error;
    }
  }
  return load(await readSource(keeping.address, options), keeping);
}

async function find({ cacheName, address }: Keeping): Promise<Response | undefined> {
  const cache = await caches.open(cacheName);
  return cache.match(address);
}

/** Keeps a model for the next visit, unless the browser refuses (private windows, full disks). */
export async function keep({ cacheName, address }: Keeping, bytes: Uint8Array): Promise<void> {
  const headers = { 'content-length': String(bytes.length) };
  try {
    const cache = await caches.open(cacheName);
    await cache.put(address, new Response(bytes as Uint8Array<ArrayBuffer>, { headers }));
  } catch {
    // The next visit fetches it again.
  }
}
