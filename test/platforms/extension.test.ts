import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { installTarball, ROOT } from '../package/tarball.ts';
import { row } from './row.ts';

const MANIFEST = {
  manifest_version: 3,
  name: 'labels',
  version: '1.0',
  content_security_policy: { extension_pages: "script-src 'self' 'wasm-unsafe-eval'" },
};

const MAIN = `
import { createClassifier } from './mobinet/dist/worker/index.js';
const classifier = await createClassifier('/mobinet/models/mobinet-mid-k3-w25-64.safetensors');
const picture = await (await fetch('/chelsea.png')).blob();
const { predictions } = await classifier.classify(picture, { topK: 1 });
document.title = classifier.build + ': ' + predictions[0].label;
`;

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const missing = existsSync(EXECUTABLE) ? '' : ` (skipped: no Chromium at ${EXECUTABLE})`;

describe.skipIf(missing !== '')(`an extension${missing}`, () => {
  test('its page classifies, in a worker', async () => {
    const folder = installTarball();
    cpSync(join(folder, 'node_modules/mobinet'), join(folder, 'mobinet'), { recursive: true });
    cpSync(join(ROOT, 'samples/chelsea.png'), join(folder, 'chelsea.png'));
    rmSync(join(folder, 'node_modules'), { recursive: true });
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(MANIFEST));
    writeFileSync(join(folder, 'main.js'), MAIN);
    const script = '<script type="module" src="main.js"></script>';
    writeFileSync(join(folder, 'page.html'), `<!doctype html><title>waiting</title>${script}`);
    const context = await chromium.launchPersistentContext('', {
      executablePath: EXECUTABLE,
      args: ['--no-sandbox', `--load-extension=${folder}`],
      ignoreDefaultArgs: ['--disable-extensions'],
    });
    try {
      row({
        kind: 'Pages',
        setUp: `Extension of Chromium ${context.browser()?.version() ?? ''}`,
        ran: '`mobinet/worker` on a page of the extension, one thread',
        configuration: "`'wasm-unsafe-eval'` in the manifest's policy",
      });
      const tab = await context.newPage();
      // Chromium gives an unpacked extension an id that follows from where it is.
      await tab.goto(`chrome-extension://${await idOf(folder)}/page.html`);
      await tab.waitForFunction(() => document.title !== 'waiting');
      expect(await tab.title()).toMatch(/^(simd|relaxed): \w/);
    } finally {
      await context.close();
      rmSync(folder, { recursive: true });
    }
  });
});

/** The first half of a path's SHA-256, in the letters a to p. */
async function idOf(path: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(path));
  return [...new Uint8Array(digest).subarray(0, 16)]
    .flatMap((byte) => [byte >> 4, byte & 15])
    .map((digit) => String.fromCharCode(97 + digit))
    .join('');
}
