import { afterEach, describe, expect, test, vi } from 'vitest';
import { GraphError, ModelFormatError, RuntimeError } from '../../src/errors.ts';
import { clearModelCache, keep, loadThroughCache } from '../../src/worker/model-cache.ts';
import type { Keeping } from '../../src/worker/protocol.ts';

const ADDRESS = 'https://example.org/model';
const KEEPING = { cacheName: 'mine', address: ADDRESS };

afterEach(() => vi.unstubAllGlobals());

/** A cache in memory, with what it keeps, and a network that answers with `content`. */
function stubBrowser(content: string, refuse: readonly ('open' | 'match' | 'put')[] = []) {
  const kept = new Map<string, Response>();
  const unless = (name: 'open' | 'match' | 'put') => {
    if (refuse.includes(name)) throw new DOMException('no', 'SecurityError');
  };
  const cache = {
    async match(address: string) {
      unless('match');
      return kept.get(address)?.clone();
    },
    async put(address: string, response: Response) {
      unless('put');
      kept.set(address, response);
    },
  };
  const open = vi.fn(async (_name: string) => {
    unless('open');
    return cache;
  });
  const fetched = vi.fn(async (..._: Parameters<typeof fetch>) => new Response(content));
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
  kept.set(ADDRESS, new Response('damaged'));
  expect(await loadThroughCache(KEEPING, load)).toBe('good');
  expect(await kept.get(ADDRESS)!.text()).toBe('good');
});

test('a kept copy that cannot be planned is fetched anew', async () => {
  const { kept, fetched } = stubBrowser('good');
  kept.set(ADDRESS, new Response('too large'));
  const loadSmall = async (bytes: Uint8Array) => {
    if (bytes.length > 4) throw new GraphError('GRAPH_TOO_LARGE', 'values');
    return new TextDecoder().decode(bytes);
  };
  expect(await loadThroughCache(KEEPING, loadSmall)).toBe('good');
  expect(fetched).toHaveBeenCalledOnce();
});

describe('revalidate', () => {
  const options = { revalidate: true };
  /** A page of the model's origin, which has kept the model of this ETag. */
  function stubVisit(etag?: string) {
    vi.stubGlobal('location', { origin: 'https://example.org' });
    const browser = stubBrowser('good');
    const headers = etag === undefined ? {} : { etag };
    browser.kept.set(ADDRESS, new Response('good', { headers }));
    return browser;
  }
  const keepingOf = async (_: Uint8Array, keeping: Keeping | undefined) => keeping;

  test('304: the kept one is taken', async () => {
    const { fetched } = stubVisit('"1"');
    fetched.mockResolvedValue(new Response(null, { status: 304 }));
    expect(await loadThroughCache(KEEPING, keepingOf, options)).toBeUndefined();
    expect(fetched).toHaveBeenCalledOnce();
    expect(fetched.mock.calls[0]![1]).toMatchObject({ headers: { 'if-none-match': '"1"' } });
  });

  test('another one: it is taken, and kept with its ETag', async () => {
    const { kept, fetched } = stubVisit('"1"');
    fetched.mockResolvedValue(new Response('good', { headers: { etag: '"2"' } }));
    expect(await loadThroughCache(KEEPING, load, options)).toBe('good');
    expect(fetched).toHaveBeenCalledOnce();
    expect(kept.get(ADDRESS)!.headers.get('etag')).toBe('"2"');
  });

  test.each([
    ['cannot be reached', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['fails', () => Promise.resolve(new Response('no', { status: 500 }))],
  ])('a server that %s: the kept one is taken', async (_, respond) => {
    const { fetched } = stubVisit('"1"');
    fetched.mockImplementation(respond);
    expect(await loadThroughCache(KEEPING, keepingOf, options)).toBeUndefined();
  });

  test('another origin is not sent what it must allow first', async () => {
    const { fetched } = stubVisit('"1"');
    vi.stubGlobal('location', { origin: 'https://elsewhere.org' });
    await loadThroughCache(KEEPING, load, options);
    expect(fetched.mock.calls[0]![1]).toMatchObject({ cache: 'no-cache' });
    expect(fetched.mock.calls[0]![1]).not.toHaveProperty('headers');
  });
});

test('clearModelCache: the cache of that name, the default one without', async () => {
  const deleted = vi.fn(async () => true);
  vi.stubGlobal('caches', { delete: deleted });
  expect([await clearModelCache('mine'), await clearModelCache()]).toEqual([true, true]);
  expect(deleted.mock.calls).toEqual([['mine'], ['mobinet-models']]);
  vi.stubGlobal('caches', undefined);
  expect(await clearModelCache()).toBe(false);
});

test('what comes from the cache is not to be kept again', async () => {
  const { kept } = stubBrowser('good');
  kept.set(ADDRESS, new Response('good'));
  expect(await loadThroughCache(KEEPING, async (_, keeping) => keeping)).toBeUndefined();
});

test("a failure that is not the copy's fault is not answered by fetching", async () => {
  const { kept, fetched } = stubBrowser('good');
  kept.set(ADDRESS, new Response('good'));
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
