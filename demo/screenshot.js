// @ts-check
/**
 * Makes docs/page.png, the picture of the page in README.md: the demo with a sample, in Chromium.
 *
 *   npm run build && node demo/screenshot.js
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';

const path = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const PORT = '8391';

const server = spawn(process.execPath, [path('serve.js'), '--port', PORT]);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  await once(server.stdout, 'data');
  const page = await browser.newPage({ viewport: { width: 1120, height: 760 } });
  await page.goto(`http://localhost:${PORT}/`);
  await page.getByText('Coffee').click();
  await page.locator('#predictions .score').filter({ hasText: '%' }).first().waitFor();
  // Bars move into place.
  await page.waitForTimeout(3000);
  const picture = sharp(await page.screenshot());
  await picture.png({ palette: true, effort: 10 }).toFile(path('../docs/page.png'));
} finally {
  await browser.close();
  server.kill();
}
