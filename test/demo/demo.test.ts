import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePicture } from '../../src/node/decode.ts';
import { readFileBytes } from '../../src/node/read-file.ts';

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const missing = existsSync(EXECUTABLE) ? '' : ` (skipped: no Chromium at ${EXECUTABLE})`;
const root = fileURLToPath(new URL('../../', import.meta.url));

/** A video of one still picture, as the fake camera reads it: YUV4MPEG2, 4:2:0. */
async function videoOf(picture: string, frames: number): Promise<Buffer> {
  const { data, width, height, channels } = await decodePicture(await readFileBytes(picture));
  const [w, h] = [width & ~1, height & ~1];
  const y = Buffer.alloc(w * h);
  const [u, v] = [Buffer.alloc(y.length / 4), Buffer.alloc(y.length / 4)];
  for (let row = 0; row < h; row++) {
    for (let column = 0; column < w; column++) {
      const at = (row * width + column) * channels!;
      const [r, g, b] = [data[at]!, data[at + 1]!, data[at + 2]!];
      y[row * w + column] = 16 + (66 * r + 129 * g + 25 * b) / 256;
      if (row % 2 !== 0 || column % 2 !== 0) continue;
      const half = (row / 2) * (w / 2) + column / 2;
      u[half] = 128 + (-38 * r - 74 * g + 112 * b) / 256;
      v[half] = 128 + (112 * r - 94 * g - 18 * b) / 256;
    }
  }
  const frame = [Buffer.from('FRAME\n'), y, u, v];
  const all = Array.from({ length: frames }, () => frame).flat();
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${w} H${h} F15:1 Ip A1:1 C420jpeg\n`), ...all]);
}

describe.skipIf(missing !== '')(`the demo page${missing}`, () => {
  let folder: string;
  let server: ChildProcess;
  let browser: Browser;
  let address: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mobinet-demo-'));
    const video = join(folder, 'camera.y4m');
    writeFileSync(video, await videoOf(join(root, 'samples/chelsea.png'), 15));
    const port = 20_000 + (process.pid % 20_000);
    server = spawn(process.execPath, ['demo/serve.js', '--port', String(port)], { cwd: root });
    await new Promise((resolve, reject) => {
      server.stdout!.once('data', resolve);
      server.once('exit', reject);
    });
    address = `http://localhost:${port}/`;
    browser = await chromium.launch({
      executablePath: EXECUTABLE,
      args: [
        '--no-sandbox',
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
        `--use-file-for-fake-video-capture=${video}`,
      ],
    });
  });
  afterAll(async () => {
    await browser?.close();
    server?.kill();
    rmSync(folder, { recursive: true });
  });

  /** A fresh visit; complaints of the page fail the test at its end. */
  async function visit(check: (page: Page) => Promise<void>): Promise<void> {
    const context = await browser.newContext({ permissions: ['camera'] });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(address);
    await check(page);
    await context.close();
    expect(complaints).toEqual([]);
  }

  const percents = (page: Page) => page.getByText(/^\d+\.\d\s%$/);

  test('a sample gives five labels', () =>
    visit(async (page) => {
      await page.getByRole('button', { name: /cat/i }).click();
      await expect.poll(() => percents(page).count(), { timeout: 15_000 }).toBe(5);
    }));

  test('a file gives five labels; one that is no picture says so', () =>
    visit(async (page) => {
      const input = page.locator('input[type=file]');
      await input.setInputFiles(join(root, 'samples/rocket.jpg'));
      await expect.poll(() => percents(page).count(), { timeout: 15_000 }).toBe(5);
      await input.setInputFiles({
        name: 'notes.png',
        mimeType: 'image/png',
        buffer: Buffer.from('no picture'),
      });
      const alert = page.getByRole('alert');
      await alert.waitFor({ timeout: 10_000 });
      expect(await alert.textContent()).toMatch(/picture/i);
    }));

  test('the camera gives five labels, and stops', () =>
    visit(async (page) => {
      await page.getByRole('button', { name: /use camera/i }).click();
      await expect.poll(() => percents(page).count(), { timeout: 15_000 }).toBe(5);
      await page.getByRole('button', { name: /stop/i }).click();
      await page.getByRole('button', { name: /use camera/i }).waitFor();
    }));

  test('after one visit it works without a network', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(address);
    await page.getByRole('button', { name: /cat/i }).click();
    await expect.poll(() => percents(page).count(), { timeout: 15_000 }).toBe(5);
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await page.reload();
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await context.setOffline(true);
    await page.reload();
    await page.getByRole('button', { name: /coffee/i }).click();
    await expect.poll(() => percents(page).count(), { timeout: 15_000 }).toBe(5);
    await context.close();
  });
});
