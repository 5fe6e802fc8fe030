import { afterEach, expect, test, vi } from 'vitest';
import { ModelFormatError, RuntimeError } from '../../src/errors.ts';
import { keep, loadThroughCache } from '../../src/worker/model-cache.ts';
import type { Keeping } from '../../src/worker/protocol.ts';

const ADDRESS = 'https://example.org/model';
const KEEPING = { cacheName: 'mine', address: ADDRESS };

afterEach(() => vi.unstubAllGlobals());

/** A cache in memory, with what it keeps, and a network that answers with `content`. */
function stubBrowser(content: string, refuse: readonly ('open' | 'match' | 'put')[] = []) {
  const kept = new Map<string, string>();
  const unless = (name: 'open' | 'match' | 'put') => {
    if (refuse.includes(name)) throw new DOMException('no', 'SecurityError');
  };
  const cache = {
    async match(address: string) {
      unless('match');
      return kept.has(address) ? new Response(kept.get(address)) : undefined;
    },
    async put(address: string, response: Response) {
      unless('put');
      kept.set(address, await response.text());
    },
  };
  const open = vi.fn(async (_name: string) => {
    unless('open');
    return cache;
  });
  const fetched = vi.fn(async () => new Response(content));
  vi.stubGlobal('caches', { open });
  vi.stubGlobal('fetch', fetched);
  return { kept, open, fetched };
}

/** Takes `good` only, and keeps it where it is to be kept. */
async function load(bytes: Uint8Array, keeping: Keeping | undefined): Promise<string> {
  const text = new TextDecoder().decode(bytes);
  if (text !== 'good') throw new ModelFormatError('NOT_A_MODEL', text);
  if (keeping !== undefined) await keep(keeping, bytes);
  return text;
}

test('fetched once, then taken from the cache of that name', async () => {
  const { open, fetched } = stubBrowser('good');
  expect(await loadThroughCache(KEEPING, load)).toBe('good');
  expect(await loadThroughCache(KEEPING, load)).toBe('good');
  expect(fetched).toHaveBeenCalledOnce();
  expect(open).toHaveBeenCalledWith('mine');
});

test('what `load` refuses is not kept', async () => {
  const { kept } = stubBrowser('a web page');
  await expect(loadThroughCache(KEEPING, load)).rejects.toThrow('a web page');
  expect(kept.size).toBe(0);
});

test('a kept copy that `load` refuses is fetched anew and replaced', async () => {
  const { kept } = stubBrowser('good');
  kept.set(ADDRESS, 'damaged');
  expect(await loadThroughCache(KEEPING, load)).toBe('good');
  expect(kept.get(ADDRESS)).toBe('good');
});

test('what comes from the cache is not to be kept again', async () => {
  const { kept } = stubBrowser('good');
  kept.set(ADDRESS, 'good');
  expect(await loadThroughCache(KEEPING, async (_, keeping) => keeping)).toBeUndefined();
});

test("a failure that is not the copy's fault is not answered by fetching", async () => {
  const { kept, fetched } = stubBrowser('good');
  kept.set(ADDRESS, 'good');
  const failing = async () => {
    throw new RuntimeError('WASM_INVALID', 'no kernels');
  };
  await expect(loadThroughCache(KEEPING, failing)).rejects.toThrow('no kernels');
  expect(fetched).not.toHaveBeenCalled();
});

test.each(['open', 'match', 'put'] as const)('a browser that refuses %s: fetched', async (name) => {
  const { fetched } = stubBrowser('good', [name]);
  expect(await loadThroughCache(KEEPING, load)).toBe('good');
  expect(fetched).toHaveBeenCalledOnce();
});
