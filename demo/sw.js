// @ts-check
/// <reference lib="webworker" />
/**
 * Keeps the page for offline use: whatever of this site is fetched is kept, and taken from there
 * when the network does not answer. Online, the server is asked each time whether a file has
 * changed, so that scripts, kernels and models are always of one version.
 */

const CACHE = 'mobinet-demo';

/** What a page needs that was loaded before this worker saw its requests. */
const PAGE = [
  './',
  'app.js',
  'camera.js',
  'comparison.js',
  'dither.js',
  'dom.js',
  'errors.js',
  'facts.js',
  'format.js',
  'frame-rate.js',
  'icons/icon.svg',
  'kernel-times.js',
  'layers.js',
  'live.js',
  'loading.js',
  'manifest.webmanifest',
  'model.css',
  'models.js',
  'models.json',
  'offline.js',
  'profile.js',
  'results.js',
  'samples/chelsea.png',
  'samples/coffee.png',
  'samples/rocket.jpg',
  'sources.js',
  'stage.js',
  'style.css',
  'tabs.js',
];

/**
 * What the other parts of the page need, kept once it stands; of modules all that they import as well.
 */
const PARTS = [
  'bench.html',
  'bench/bench.css',
  'bench/bench.js',
  'bench/worker.js',
  'convert-worker.js',
  'dist/cli/layers.js',
  'dist/file/model-file.js',
  'dist/graph/cost.js',
  'dist/import/convert.js',
  'dist/index.js',
  'dist/kernels/uncommon.js',
  'dist/mobinet.plain-threads.wasm',
  'dist/mobinet.plain.wasm',
  'dist/mobinet.relaxed-common-threads.wasm',
  'dist/mobinet.relaxed-common.wasm',
  'dist/mobinet.relaxed-threads.wasm',
  'dist/mobinet.relaxed.wasm',
  'dist/mobinet.simd-common-threads.wasm',
  'dist/mobinet.simd-common.wasm',
  'dist/mobinet.simd-threads.wasm',
  'dist/mobinet.simd.wasm',
  'dist/networks/mobilenet-v1.js',
  'dist/networks/mobinet.js',
  'dist/plan/plan.js',
  'dist/runtime/engine.js',
  'dist/runtime/features.js',
  'dist/runtime/wasm.js',
  'dist/teach/head.js',
  'dist/teach/leave-one-out.js',
  'dist/teach/taught-model.js',
  'dist/web/thread-pool.js',
  'dist/web/thread-script.js',
  'dist/worker/index.js',
  'inspect.js',
  'own-model.js',
  'sample-signs/ahead-only.png',
  'sample-signs/give-way.png',
  'sample-signs/no-entry.png',
  'teach/teach.css',
  'teach/teach.html',
  'teach/teach.js',
  'teach/worker.js',
];

/** What a module imports, now or later, of this site. */
const IMPORT = /\b(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g;

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

worker.addEventListener('install', (event) => {
  event.waitUntil(keepPage());
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(worker.clients.claim());
});

worker.addEventListener('message', (event) => {
  if (event.data !== 'keep-parts') return;
  event.waitUntil(keepParts().then(() => event.source?.postMessage('parts-kept')));
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const ours = new URL(request.url).origin === worker.location.origin;
  if (ours && request.method === 'GET') event.respondWith(answer(event));
});

async function keepPage() {
  const cache = await caches.open(CACHE);
  await cache.addAll(PAGE.map((path) => new Request(path, { cache: 'no-cache' })));
  await worker.skipWaiting();
}

/** One after the other: the page goes first. */
async function keepParts() {
  const cache = await caches.open(CACHE);
  const absolute = (/** @type {string} */ path) => new URL(path, worker.registration.scope).href;
  const wanted = new Set(PARTS.map(absolute));
  // Which goes on with what is added to it meanwhile.
  for (const address of wanted) {
    const response = await fetch(address, { cache: 'no-cache' });
    if (response.status !== 200) continue;
    await cache.put(address, response.clone());
    if (!address.endsWith('.js')) continue;
    for (const [, path = ''] of (await response.text()).matchAll(IMPORT)) {
      wanted.add(new URL(path, address).href);
    }
  }
}

/** @param {FetchEvent} event */
async function answer(event) {
  const { request } = event;
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request, { cache: 'no-cache' });
    if (response.status === 200) event.waitUntil(cache.put(request, response.clone()));
    return response;
  } catch (error) {
    const kept = await cache.match(request, { ignoreSearch: true, ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}
