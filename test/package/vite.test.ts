import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer } from '../browser/server.ts';
import { tinyModelFile } from '../helpers/model-file.ts';
import { snippet } from '../helpers/snippets.ts';
import { row, versionOf } from '../platforms/row.ts';
import { installTarball, ROOT } from './tarball.ts';

/** What a page's author writes, and then threads and the core. */
const MAIN = `
${snippet('docs/bundlers.md', 'Bundlers', 'js')}
import { loadModel } from 'mobinet';
const picture = await (await fetch('/chelsea.png')).blob();
// By the iterator, whose code is fetched for it.
const { value } = await classifier.classifyAll([picture], { topK: 1 }).next();
const { predictions } = value.classification;
const { threads, threadsReason } = (await createClassifier(model, { threads: 2 })).describe();
const here = await loadModel(model);
// Of kernels that are not common, in the page and in a worker.
await loadModel('/uncommon.safetensors');
await (await createClassifier('/uncommon.safetensors')).classify(picture);
document.title = here.build + ' on ' + (threadsReason ?? threads) + ': ' + predictions[0].label;
`;

const PAGE =
  '<!doctype html><meta charset="utf-8"><title>waiting</title><script type="module" src="/main.js"></script>';

/** Shared memory, for threads. */
const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

const FIXTURE = fileURLToPath(new URL('./vite/', import.meta.url));
const VERSIONS = { 5: 'vite5', 6: 'vite6', 7: 'vite7', 8: 'vite' };

type Vite = typeof import('vite');

function viteRow(name: string, ran: string): void {
  const version = name === 'vite' ? versionOf(name) : versionOf(name, FIXTURE);
  row({
    kind: 'Bundlers and frameworks',
    setUp: `Vite ${version}`,
    ran: `${ran}: \`mobinet\`, and \`mobinet/worker\` on two threads`,
    configuration: 'none',
  });
}

/** The version's own module, from the fixture's packages or from the repository's. */
async function importVite(name: string): Promise<Vite> {
  if (name === 'vite') return import('vite');
  return import(pathToFileURL(join(FIXTURE, `node_modules/${name}/dist/node/index.js`)).href);
}

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const missing = existsSync(EXECUTABLE) ? '' : ` (skipped: no Chromium at ${EXECUTABLE})`;

describe.skipIf(missing !== '')(`Vite without configuration, in Chromium${missing}`, () => {
  let folder: string;
  let browser: Browser;
  beforeAll(async () => {
    if (!existsSync(join(FIXTURE, 'node_modules'))) {
      execFileSync('npm', ['ci', '--no-fund', '--no-audit', '--silent'], { cwd: FIXTURE });
    }
    folder = installTarball();
    writeFileSync(join(folder, 'main.js'), MAIN);
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'index.html'), PAGE);
    copyFileSync(join(ROOT, 'samples/chelsea.png'), join(folder, 'chelsea.png'));
    writeFileSync(join(folder, 'uncommon.safetensors'), await tinyModelFile());
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  /** What the page comes to, and what was complained of. */
  async function visit(address: string): Promise<{ title: string; complaints: string[] }> {
    const tab = await browser.newPage();
    const complaints: string[] = [];
    tab.on('pageerror', (error) => complaints.push(String(error)));
    tab.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await tab.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
    await tab.goto(address);
    await tab
      .waitForFunction(() => document.title !== 'waiting', undefined, { timeout: 30_000 })
      .catch(() => undefined);
    const title = await tab.title();
    await tab.close();
    return { title, complaints };
  }

  const EXPECTED = {
    complaints: [],
    title: expect.stringMatching(/^(simd|relaxed) on 2: \w/),
  };

  test.each(Object.entries(VERSIONS))('version %s: development server', async (_, name) => {
    viteRow(name, 'development server');
    const { createServer, createLogger } = await importVite(name);
    const warnings: string[] = [];
    const customLogger = createLogger('silent');
    customLogger.warn = (message) => warnings.push(message);
    customLogger.error = (message) => warnings.push(message);
    const server = await createServer({
      root: folder,
      configFile: false,
      customLogger,
      cacheDir: join(folder, `cache-${name}`),
      server: { port: 0, host: '127.0.0.1', headers: ISOLATED },
    });
    await server.listen();
    const { port } = server.httpServer!.address() as { port: number };
    const seen = await visit(`http://127.0.0.1:${port}/`);
    await server.close();
    expect({ ...seen, warnings }).toEqual({ ...EXPECTED, warnings: [] });
  });

  test.each(Object.entries(VERSIONS))('version %s: build', async (_, name) => {
    viteRow(name, 'build');
    const { build } = await importVite(name);
    const out = join(folder, `out-${name}`);
    await build({
      root: folder,
      logLevel: 'silent',
      configFile: false,
      // The page waits at its top level.
      build: { outDir: out, target: 'es2022' },
    });
    for (const file of ['chelsea.png', 'uncommon.safetensors']) {
      copyFileSync(join(folder, file), join(out, file));
    }
    const server = await startServer(pathToFileURL(`${out}/`), true);
    const seen = await visit(`${server.origin}/index.html`);
    await server.close();
    expect(seen).toEqual(EXPECTED);
  });
});
