// Counts the main thread's long tasks (over 50 ms) in Chromium while pictures are classified: in a
// worker, and for comparison on the main thread itself. `npm run build` first.
//
//   node bench/browser/long-tasks.js [pictures, default 50]

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { chromium } from 'playwright-core';

const ROOT = new URL('../../', import.meta.url);
const MODEL = '/models/mobinet-mid-k3-w50-64.safetensors';
const PICTURE = '/samples/chelsea.png';
const count = Number(process.argv[2] ?? 50);

const page = `<!doctype html><link rel="icon" href="data:,"><script type="module">
import { loadModel } from '/dist/index.js';
import { createClassifier } from '/dist/worker/index.js';

async function measure(classify) {
  const image = new Image();
  image.src = '${PICTURE}';
  await image.decode();
  await classify(image);
  const tasks = [];
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
  observer.observe({ type: 'longtask' });
  const begin = performance.now();
  for (let i = 0; i < ${count}; i++) {
    await classify(image);
    // A task a picture: without it all of those on the main thread would count as one.
    await new Promise((resolve) => setTimeout(resolve));
  }
  const milliseconds = performance.now() - begin;
  await new Promise((resolve) => setTimeout(resolve, 500));
  observer.disconnect();
  const durations = tasks.map(({ duration }) => duration);
  return { longTasks: durations.length, longest: Math.max(0, ...durations), milliseconds };
}

globalThis.measurements = {
  async worker() {
    const classifier = await createClassifier('${MODEL}');
    return measure((image) => classifier.classify(image));
  },
  async page() {
    const model = await loadModel('${MODEL}');
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d', { willReadFrequently: true });
    return measure((image) => {
      const { naturalWidth: width, naturalHeight: height } = image;
      Object.assign(canvas, { width, height });
      context.drawImage(image, 0, 0);
      return model.classify(context.getImageData(0, 0, width, height));
    });
  },
};
</script>`;

/** @type {Record<string, string>} */
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.png': 'image/png' };

const server = createServer(async ({ url = '/' }, response) => {
  if (url === '/') {
    response.setHeader('content-type', 'text/html').end(page);
    return;
  }
  try {
    const content = await readFile(new URL(`.${url}`, ROOT));
    response.setHeader('content-type', TYPES[extname(url)] ?? 'application/octet-stream');
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
const address = server.address();
const port = typeof address === 'object' && address !== null ? address.port : 0;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  for (const where of /** @type {const} */ (['worker', 'page'])) {
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${port}/`);
    await tab.waitForFunction('globalThis.measurements !== undefined');
    const result = await tab.evaluate(`measurements.${where}()`);
    console.log(JSON.stringify({ where, pictures: count, ...Object(result) }));
    await tab.close();
  }
} finally {
  await browser.close();
  server.close();
}
