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
  'loading.js',
  'manifest.webmanifest',
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
];

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

worker.addEventListener('install', (event) => {
  event.waitUntil(keepPage());
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(worker.clients.claim());
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
