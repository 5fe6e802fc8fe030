// The demo page with a fake camera for some seconds, in Chromium: tasks of its main thread over 50 ms
// once it runs, and pictures a second. `npm run build` first.
//
//   node bench/browser/camera.js [seconds, default 10]

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const seconds = Number(process.argv[2] ?? 10);
const port = 18_431;
const serve = fileURLToPath(new URL('../../demo/serve.js', import.meta.url));
const server = spawn(process.execPath, [serve, '--port', `${port}`]);
await new Promise((resolve) => server.stdout.once('data', resolve));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
});
try {
  const context = await browser.newContext({ permissions: ['camera'] });
  const page = await context.newPage();
  await page.goto(`http://localhost:${port}/`);
  await page.getByRole('button', { name: /use camera/i }).click();
  await page
    .locator('#predictions')
    .getByText(/^\d+\.\d\s%$/)
    .first()
    .waitFor();
  const result = await page.evaluate(async (seconds) => {
    /** @type {number[]} */
    const durations = [];
    const observer = new PerformanceObserver((list) =>
      durations.push(...list.getEntries().map(({ duration }) => duration)),
    );
    observer.observe({ type: 'longtask' });
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    return { longTasks: durations.length, longest: Math.max(0, ...durations) };
  }, seconds);
  const text = await page.locator('body').innerText();
  const rate = /([\d.]+)\s*(?:fps|frames|per second|\/ ?s)/i.exec(text)?.[1];
  console.log(JSON.stringify({ seconds, ...result, picturesPerSecond: Number(rate) }));
} finally {
  await browser.close();
  server.kill();
}
