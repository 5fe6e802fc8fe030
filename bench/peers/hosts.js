/** Where a contestant runs: a fresh browser or a fresh process for each measurement. */

import { fork } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

/** @typedef {import('./contestants.js').Contestant} Contestant */
/** @typedef {import('./measure.js').Measurement} Measurement */
/** @typedef {{ warmUp: number, runs: number }} Amount seconds, a count */
/** @typedef {Measurement & { downloads: { code?: number, codeGzip?: number, model: number } }} Result */

const CHROMIUM = {
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox'],
  // Else a signal would only close the browser, and the run would go on with the next.
  handleSIGTERM: false,
  handleSIGHUP: false,
};
const MODELS = fileURLToPath(new URL('models/out/', import.meta.url));
const PROCESS = fileURLToPath(new URL('node/process.js', import.meta.url));

/** Longer than any engine takes to load, milliseconds. */
const PATIENCE = 90_000;

export async function chromiumVersion() {
  const browser = await chromium.launch(CHROMIUM);
  const version = browser.version();
  await browser.close();
  return version;
}

/**
 * @param {Contestant} contestant
 * @param {Amount} amount
 * @param {Awaited<ReturnType<typeof import('./server.js').serve>>} server
 * @returns {Promise<Result>}
 */
export async function measureInChromium({ engine, model, threads }, amount, server) {
  const browser = await chromium.launch(CHROMIUM);
  // Closing the browser rejects what hangs in the page.
  const timer = setTimeout(() => browser.close(), PATIENCE + amount.warmUp * 1000);
  try {
    server.takeDownloads();
    const page = await browser.newPage();
    const query = new URLSearchParams({
      engine,
      address: `/models/${model}`,
      warmUp: String(amount.warmUp),
      runs: String(amount.runs),
      threads: String(threads),
    });
    await page.goto(`${server.origin}/pages/${engine}.html?${query}`);
    const measurement = await page.evaluate(() => /** @type {any} */ (window).measurement);
    return { ...measurement, downloads: server.takeDownloads() };
  } finally {
    clearTimeout(timer);
    await browser.close();
  }
}

/**
 * @param {Contestant} contestant
 * @param {Amount} amount
 * @returns {Promise<Result>}
 */
export async function measureInNode({ engine, model, threads }, amount) {
  const address = join(MODELS, model);
  const options = JSON.stringify({ engine, address, threads, ...amount });
  /** @type {Measurement} */
  const measurement = await new Promise((resolve, reject) => {
    const child = fork(PROCESS, [options], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      timeout: PATIENCE + amount.warmUp * 1000,
    });
    child.on('message', (/** @type {any} */ { measurement, error }) =>
      measurement === undefined ? reject(new Error(error)) : resolve(measurement),
    );
    child.on('error', reject);
    child.on('exit', (code, signal) => reject(new Error(`the process ended: ${signal ?? code}`)));
  });
  return { ...measurement, downloads: { model: modelBytes(address) } };
}

/** Of a file; where that is an index, of all files beside it. */
function modelBytes(/** @type {string} */ file) {
  if (!file.endsWith('.json')) return statSync(file).size;
  const folder = dirname(file);
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
