/**
 * Does anything grow, hang on or end without a word when it is done very often?
 *
 *     npm run build && npm run soak                                       all of it
 *     npm run soak -- --part inferences --count 1000                      less of a part
 *
 * - inferences: one model, one process; memory every tenth of them
 * - loads: models loaded with three threads, run and disposed of, 20 in a process; exit codes, threads left
 * - classifiers: made, asked and disposed of in a page (Chromium); the page's workers and memory
 */

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { header } from './report.js';

const COUNTS = { inferences: 100_000, loads: 2000, classifiers: 1000 };
const LOADS_A_PROCESS = 20;
const PORT = 18_433;
const SMALL = new URL('../models/mobinet-signs-k3-w25-32.safetensors', import.meta.url);

/** @typedef {keyof typeof COUNTS} Part */

const { values: flags } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: Object.keys(COUNTS) },
    count: { type: 'string' },
    /** Of a process of `loads`. */
    child: { type: 'boolean', default: false },
  },
});

async function openModel(/** @type {number} */ threads) {
  const { loadModel } = await import('../dist/node/index.js');
  return loadModel(SMALL, { threads });
}

/** MiB of the process, after all that can be collected has been. */
function memory() {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return [rss, heapUsed, external].map((bytes) => (bytes / 2 ** 20).toFixed(1)).join(', ');
}

async function inferences(/** @type {number} */ count) {
  const model = await openModel(1);
  const data = new Uint8Array(3 * 40 * 30);
  console.log('inferences: MiB resident, on the heap, in buffers');
  for (let done = 0; done <= count; done++) {
    if (done % Math.ceil(count / 10) === 0) console.log(`${done}: ${memory()}`);
    data.fill(done);
    await model.classify({ data, width: 40, height: 30 });
  }
}

/** Loads, runs, disposes; exits with 3 where a thread is left. */
async function loadAndDispose(/** @type {number} */ count) {
  const threads = () => readdirSync('/proc/self/task').length;
  const model = await openModel(3);
  await model.run(new Float32Array(3 * 32 * 32));
  model.dispose();
  await rest();
  const before = threads();
  for (let done = 1; done < count; done++) {
    const again = await openModel(3);
    await again.run(new Float32Array(3 * 32 * 32));
    if (again.describe().threads !== 3) process.exit(4);
    again.dispose();
  }
  for (let time = 0; time < 100 && threads() > before; time++) await rest();
  if (threads() > before) process.exit(3);
}

const rest = () => new Promise((resolve) => setTimeout(resolve, 50));

async function loads(/** @type {number} */ count) {
  /** @type {Record<string, number>} */
  const exits = {};
  for (let done = 0; done < count; done += LOADS_A_PROCESS) {
    const script = fileURLToPath(import.meta.url);
    const child = spawn(process.execPath, [script, '--child'], { stdio: 'inherit' });
    const how = await new Promise((resolve) => {
      child.on('close', (code, signal) => resolve(`exit code ${code ?? signal}`));
    });
    exits[how] = (exits[how] ?? 0) + 1;
    const told = Object.entries(exits).map(([how, times]) => `${times} with ${how}`);
    const ended = done / LOADS_A_PROCESS + 1;
    if (ended % 10 === 0 || done + LOADS_A_PROCESS >= count)
      console.log(`${done + LOADS_A_PROCESS}: processes ended, ${told.join(', ')}`);
  }
}

async function classifiers(/** @type {number} */ count) {
  const { chromium } = await import('playwright-core');
  const serve = fileURLToPath(new URL('../demo/serve.js', import.meta.url));
  const server = spawn(process.execPath, [serve, '--port', `${PORT}`]);
  await new Promise((resolve) => server.stdout.once('data', resolve));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  try {
    const page = await browser.newPage();
    // A page without scripts of its own.
    await page.goto(`http://localhost:${PORT}/models/README.md`);
    const session = await page.context().newCDPSession(page);
    const round = Math.ceil(count / 10);
    console.log("classifiers that answered: workers left, MiB on the page's heap");
    let answered = 0;
    for (let done = 0; done <= count; done += round) {
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize } = await session.send('Runtime.getHeapUsage');
      const mebibytes = (usedSize / 2 ** 20).toFixed(2);
      console.log(`${answered}: ${page.workers().length}, ${mebibytes}`);
      if (done < count) answered += await page.evaluate(makeClassifiers, round);
    }
  } finally {
    await browser.close();
    server.kill();
  }
}

/**
 * In the page: so many made, asked and disposed of.
 * @returns {Promise<number>} how many answered
 */
async function makeClassifiers(/** @type {number} */ round) {
  const script = '/dist/worker/index.js';
  /** @type {typeof import('../dist/worker/index.js')} */
  const { createClassifier } = await import(script);
  let answered = 0;
  for (let i = 0; i < round; i++) {
    const classifier = await createClassifier('/models/mobinet-signs-k3-w25-32.safetensors');
    const { predictions } = await classifier.classify(new ImageData(40, 30));
    answered += Number(predictions.length > 0);
    classifier.dispose();
  }
  return answered;
}

const PARTS = { inferences, loads, classifiers };

if (flags.child) {
  await loadAndDispose(LOADS_A_PROCESS);
} else {
  console.log(header('Soak'));
  for (const part of flags.part) {
    const begun = performance.now();
    const name = /** @type {Part} */ (part);
    await PARTS[name](Number(flags.count ?? COUNTS[name]));
    console.log(`${((performance.now() - begun) / 60_000).toFixed(1)} minutes\n`);
  }
}
