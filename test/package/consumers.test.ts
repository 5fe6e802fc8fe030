import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { rollup } from 'rollup';
import { build as buildWithVite } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import webpack from 'webpack';
import { wasmFiles } from '../../src/kernels/builds.ts';
import { startServer } from '../browser/server.ts';
import { tinyModelFile } from '../helpers/model-file.ts';
import { snippet } from '../helpers/snippets.ts';
import { row, versionOf } from '../platforms/row.ts';
import { installTarball, ROOT } from './tarball.ts';

/** What a page's author writes. */
const MAIN = `
import { createClassifier } from 'mobinet/worker';
const classifier = await createClassifier('model.safetensors', { threads: 2 });
const picture = await (await fetch('chelsea.png')).blob();
// By the iterator, whose code is fetched for it.
const { value } = await classifier.classifyAll([picture], { topK: 1 }).next();
const { predictions } = value.classification;
const { threads, threadsReason } = classifier.describe();
// Of kernels that are not common.
const other = await createClassifier('uncommon.safetensors');
await other.classify(picture);
document.title = classifier.build + ' on ' + (threadsReason ?? threads) + ': ' + predictions[0].label;
`;

const page = (script: string, more = '') =>
  `<!doctype html><meta charset="utf-8"><title>waiting</title>${more}<script type="module" src="${script}"></script>`;

/** Builds the page in \`folder\` into its folder \`out\`. */
const CONSUMERS: Record<string, (folder: string) => Promise<void>> = {
  async Vite(folder) {
    writeFileSync(join(folder, 'index.html'), page('./main.js'));
    await buildWithVite({
      root: folder,
      base: './',
      logLevel: 'silent',
      configFile: false,
      build: { outDir: join(folder, 'out'), target: 'es2022', emptyOutDir: true },
    });
  },

  async webpack(folder) {
    const compiler = webpack({
      context: folder,
      mode: 'production',
      entry: './main.js',
      experiments: { outputModule: true, topLevelAwait: true },
      output: { path: join(folder, 'out'), filename: 'main.js', module: true },
      performance: false,
    })!;
    await new Promise<void>((resolve, reject) => {
      compiler.run((error, stats) => {
        if (error || stats?.hasErrors()) reject(error ?? new Error(stats?.toString()));
        else compiler.close(() => resolve());
      });
    });
    writeFileSync(join(folder, 'out/index.html'), page('./main.js'));
  },

  // These two do not follow new URL(): the scripts of the workers and of threads are entries of their
  // own, and the kernels are copied to where they are looked for, one folder above them.
  async esbuild(folder) {
    const PATH = `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`;
    const command = snippet('docs/bundlers.md', 'Bundlers', 'sh');
    execFileSync('sh', ['-ec', command], {
      cwd: folder,
      env: { ...process.env, PATH },
      stdio: 'pipe',
    });
    writeFileSync(join(folder, 'out/index.html'), page('./scripts/main.js'));
  },

  async Rollup(folder) {
    const bundle = await rollup({
      input: {
        main: join(folder, 'main.js'),
        worker: join(folder, 'node_modules/mobinet/dist/worker/worker.js'),
        'threads-worker': join(folder, 'node_modules/mobinet/dist/worker/threads-worker.js'),
        'thread-script': join(folder, 'node_modules/mobinet/dist/web/thread-script.js'),
      },
      plugins: [
        {
          name: 'packages',
          resolveId: (source) =>
            source === 'mobinet/worker'
              ? join(folder, 'node_modules/mobinet/dist/worker/index.js')
              : undefined,
        },
      ],
    });
    await bundle.write({
      dir: join(folder, 'out/scripts'),
      format: 'es',
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
    });
    await bundle.close();
    copyKernels(folder);
    writeFileSync(join(folder, 'out/index.html'), page('./scripts/main.js'));
  },

  async 'a plain script tag'(folder) {
    mkdirSync(join(folder, 'out'));
    cpSync(join(folder, 'node_modules/mobinet'), join(folder, 'out/mobinet'), { recursive: true });
    copyFileSync(join(folder, 'main.js'), join(folder, 'out/main.js'));
    const script = MAIN.replace("'mobinet/worker'", "'./mobinet/dist/worker/index.js'");
    writeFileSync(join(folder, 'out/main.js'), script);
    writeFileSync(join(folder, 'out/index.html'), page('./main.js'));
  },
};

/** The rows of docs/platforms.md that are told here; Vite has a test of its own. */
const ENTRIES = 'the scripts of workers as entries, the kernels copied';
const ROWS: Record<string, { setUp: () => string; configuration: string }> = {
  webpack: { setUp: () => `webpack ${versionOf('webpack')}`, configuration: 'none' },
  esbuild: { setUp: () => `esbuild ${versionOf('esbuild')}`, configuration: ENTRIES },
  Rollup: { setUp: () => `Rollup ${versionOf('rollup')}`, configuration: ENTRIES },
  'a plain script tag': { setUp: () => 'No bundler', configuration: 'none' },
};

function copyKernels(folder: string): void {
  mkdirSync(join(folder, 'out/kernels'), { recursive: true });
  for (const file of [...wasmFiles(), 'kernels/uncommon.js']) {
    copyFileSync(join(folder, 'node_modules/mobinet/dist', file), join(folder, 'out', file));
  }
}

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const missing = existsSync(EXECUTABLE) ? '' : ` (skipped: no Chromium at ${EXECUTABLE})`;

describe.skipIf(missing !== '')(`built from the tarball and run in Chromium${missing}`, () => {
  let folder: string;
  let browser: Browser;
  beforeAll(async () => {
    folder = installTarball();
    writeFileSync(join(folder, 'main.js'), MAIN);
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  test.each(Object.keys(CONSUMERS))('%s', async (name) => {
    const about = ROWS[name];
    if (about !== undefined) {
      row({
        kind: 'Bundlers and frameworks',
        setUp: about.setUp(),
        ran: '`mobinet/worker` in Chromium, two threads, under a strict policy',
        configuration: about.configuration,
      });
    }
    const out = join(folder, 'out');
    rmSync(out, { recursive: true, force: true });
    await CONSUMERS[name]!(folder);
    const models = join(ROOT, 'models/mobinet-mid-k3-w50-64.safetensors');
    copyFileSync(models, join(out, 'model.safetensors'));
    writeFileSync(join(out, 'uncommon.safetensors'), await tinyModelFile());
    copyFileSync(join(ROOT, 'samples/chelsea.png'), join(out, 'chelsea.png'));
    const server = await startServer(pathToFileURL(`${out}/`), true);
    server.answers.set('/favicon.ico', (response) => response.writeHead(204).end());
    const tab = await browser.newPage();
    const complaints: string[] = [];
    tab.on('pageerror', (error) => complaints.push(String(error)));
    tab.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await tab.goto(`${server.origin}/index.html`);
    await tab
      .waitForFunction(() => document.title !== 'waiting', undefined, { timeout: 20_000 })
      .catch(() => undefined);
    expect({ complaints, title: await tab.title() }).toEqual({
      complaints: [],
      title: expect.stringMatching(/^(simd|relaxed) on 2: \w/),
    });
    await tab.close();
    await server.close();
  });
});
