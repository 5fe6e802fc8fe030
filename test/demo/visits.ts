import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect } from 'vitest';

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const missing = existsSync(EXECUTABLE) ? '' : ` (skipped: no Chromium at ${EXECUTABLE})`;

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Visits {
  readonly address: string;
  /** A folder for what the tests write. */
  readonly folder: string;
  context(): Promise<BrowserContext>;
  /** A fresh visit; complaints of the page fail the test at its end. */
  visit(
    check: (page: Page) => Promise<void>,
    options?: { path?: string; prepare?: (page: Page) => Promise<void> },
  ): Promise<void>;
}

/**
 * Tests of the page as demo/serve.js serves it, with a camera.
 * @param video what the camera sees, YUV4MPEG2
 */
export function describeDemo(
  name: string,
  video: () => Promise<Buffer>,
  define: (visits: Visits) => void,
): void {
  describe.skipIf(missing !== '')(`${name}${missing}`, () => {
    let folder: string;
    let server: ChildProcess;
    let browser: Browser;
    let address: string;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'mobinet-demo-'));
      const camera = join(folder, 'camera.y4m');
      writeFileSync(camera, await video());
      server = spawn(process.execPath, ['demo/serve.js', '--port', '0'], { cwd: root });
      address = await new Promise((resolve, reject) => {
        server.stdout!.once('data', (line) => resolve(String(line).trim()));
        server.once('exit', reject);
      });
      browser = await chromium.launch({
        executablePath: EXECUTABLE,
        args: [
          '--no-sandbox',
          '--use-fake-device-for-media-stream',
          '--use-fake-ui-for-media-stream',
          `--use-file-for-fake-video-capture=${camera}`,
        ],
      });
    }, 60_000);
    afterAll(async () => {
      await browser?.close();
      server?.kill();
      rmSync(folder, { recursive: true });
    });

    define({
      get address() {
        return address;
      },
      get folder() {
        return folder;
      },
      context: () => browser.newContext({ permissions: ['camera'] }),
      async visit(check, { path = '', prepare } = {}) {
        const context = await browser.newContext({ permissions: ['camera'] });
        const page = await context.newPage();
        page.setDefaultTimeout(60_000);
        const complaints: string[] = [];
        page.on('pageerror', (error) => complaints.push(String(error)));
        page.on('console', (message) => {
          if (message.type() === 'error') complaints.push(message.text());
        });
        await prepare?.(page);
        await page.goto(address + path);
        await check(page);
        await context.close();
        expect(complaints).toEqual([]);
      },
    });
  });
}

/** The scores that the page shows. */
export const percents = (page: Page) => page.locator('#predictions').getByText(/^\d+\.\d\s%$/);
