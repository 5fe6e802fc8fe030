// Memory of all of Chromium's processes while one worker classifies picture after picture.
// `npm run build` first; Linux.
//
//   node bench/browser/memory.js [pictures, default 10000]

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const count = Number(process.argv[2] ?? 10_000);
const port = 18_432;
const serve = fileURLToPath(new URL('../../demo/serve.js', import.meta.url));
const server = spawn(process.execPath, [serve, '--port', `${port}`]);
await new Promise((resolve) => server.stdout.once('data', resolve));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});

/** A field of a process's status. */
function statusOf(/** @type {string} */ pid, /** @type {string} */ field) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
}

/** Resident megabytes of all processes that come from this one, but for itself. */
function megabytes() {
  /** @type {Map<string, string>} */
  const parents = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      parents.set(pid, `${statusOf(pid, 'PPid')}`);
    } catch {
      // It has ended meanwhile.
    }
  }
  const isOurs = (/** @type {string | undefined} */ pid) => {
    let at = pid;
    while (at !== undefined && at !== `${process.pid}`) at = parents.get(at);
    return at !== undefined;
  };
  const ours = [...parents.keys()].filter((pid) => pid !== `${process.pid}` && isOurs(pid));
  return Math.round(ours.reduce((sum, pid) => sum + statusOf(pid, 'VmRSS'), 0) / 1000);
}

try {
  const page = await browser.newPage();
  await page.goto(`http://localhost:${port}/manifest.webmanifest`);
  await page.evaluate(async () => {
    const { createClassifier } = await import(`${location.origin}/dist/worker/index.js`);
    const classifier = await createClassifier('/models/mobinet-mid-k3-w50-64.safetensors');
    const pixels = new ImageData(320, 240);
    Object.assign(globalThis, {
      /** @param {number} times */
      async classify(times) {
        for (let i = 0; i < times; i++) await classifier.classify(pixels);
      },
    });
  });
  const steps = 10;
  const memory = [];
  for (let step = 0; step < steps; step++) {
    await page.evaluate(`classify(${count / steps})`);
    memory.push(megabytes());
  }
  console.log(JSON.stringify({ pictures: count, megabytesAfterEachTenth: memory }));
} finally {
  await browser.close();
  server.kill();
}
