import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { writeSnippets } from '../helpers/snippets.ts';
import { ROOT } from '../package/tarball.ts';
import { row, versionOf } from './row.ts';
import { freePort, quietly, whileServing } from './serve.ts';

const folder = inject('platforms');
const NEXT = join(folder, 'node_modules/next/dist/bin/next');
const PICTURE = join(ROOT, 'samples/chelsea.png');

let browser: Browser;
beforeAll(async () => {
  writeSnippets('docs/nextjs.md', folder);
  writeFileSync(
    join(folder, 'app/layout.js'),
    'export default ({ children }) => <html lang="en"><body>{children}</body></html>;',
  );
  mkdirSync(join(folder, 'public'), { recursive: true });
  copyFileSync(PICTURE, join(folder, 'public/photo.png'));
  const model = join(ROOT, 'models/mobinet-mid-k3-w50-64.safetensors');
  copyFileSync(model, join(folder, 'public/model.safetensors'));
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
});
afterAll(() => browser?.close());
beforeEach(() => rmSync(join(folder, '.next'), { recursive: true, force: true }));

/** The label that the page at an address comes to. */
async function labelOf(address: string): Promise<string | null> {
  const tab = await browser.newPage();
  tab.setDefaultTimeout(120_000);
  await tab.goto(address);
  await tab.waitForFunction(() => document.querySelector('#label')?.textContent);
  const label = await tab.textContent('#label');
  await tab.close();
  return label;
}

async function expectLabels(origin: string): Promise<void> {
  const body = readFileSync(PICTURE);
  const response = await fetch(`${origin}/api/label`, { method: 'POST', body });
  expect(await response.json()).toMatchObject([{ label: 'golden retriever' }]);
  expect(await labelOf(`${origin}/`)).toBe('golden retriever');
  expect(await labelOf(`${origin}/camera`)).toBe('golden retriever');
}

const BUNDLERS = { Turbopack: '--turbopack', webpack: '--webpack' };

test.each(
  Object.entries(BUNDLERS).flatMap(([bundler, flag]) =>
    ['next dev', 'next build, next start'].map((command) => ({ bundler, flag, command })),
  ),
)('docs/nextjs.md: $command, $bundler', async ({ bundler, flag, command }) => {
  row({
    kind: 'Bundlers and frameworks',
    setUp: `Next.js ${versionOf('next', folder)}, ${bundler}`,
    ran: `\`${command}\`: the route handler, server and client component of [nextjs.md](nextjs.md)`,
    configuration: "`serverExternalPackages: ['mobinet']`; in the browser none",
  });
  const port = String(await freePort());
  const isDevelopment = command === 'next dev';
  if (!isDevelopment) {
    execFileSync(process.execPath, [NEXT, 'build', flag], { cwd: folder, env: quietly });
  }
  const args = isDevelopment ? ['dev', flag, '--port', port] : ['start', '--port', port];
  const origin = `http://localhost:${port}`;
  await whileServing([process.execPath, NEXT, ...args], folder, /Ready in/, () =>
    expectLabels(origin),
  );
});
