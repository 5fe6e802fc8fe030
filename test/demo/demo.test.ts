import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseModelFile, writeModelFile } from '../../src/file/model-file.ts';
import { mobileNetV1Definition } from '../../src/networks/mobilenet-v1.ts';
import { decodePicture } from '../../src/node/decode.ts';
import { readFileBytes } from '../../src/node/read-file.ts';

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const missing = existsSync(EXECUTABLE) ? '' : ` (skipped: no Chromium at ${EXECUTABLE})`;
const root = fileURLToPath(new URL('../../', import.meta.url));

const FLOAT_MODEL = 'models/mobilenet-v1-w50-64.safetensors';
const ALL_MODELS = readFileSync(join(root, 'demo/models.json'), 'utf8');
const MILLISECONDS = expect.stringMatching(/^[\d.]+ ms$/);

/** MobileNet v1 as the float model will be, with random weights. */
async function floatModelFile(): Promise<Buffer> {
  const shipped = readFileSync(join(root, 'models/mobinet-mid-k3-w50-64.safetensors'));
  const { labels, preprocessing } = parseModelFile(Uint8Array.from(shipped));
  const { json, tensors } = mobileNetV1Definition({ width: 0.5, size: 64, classes: 200 });
  const metadata = new Map([
    ['format', 'mobinet'],
    ['format_version', '1'],
    ['name', 'stand-in'],
    ['graph', JSON.stringify(json)],
    ['labels', JSON.stringify(labels)],
    ['preprocessing', JSON.stringify(preprocessing)],
  ]);
  return Buffer.from(await writeModelFile({ metadata, tensors }));
}

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
  async function visit(
    check: (page: Page) => Promise<void>,
    prepare: (page: Page) => Promise<void> = async () => undefined,
  ): Promise<void> {
    const context = await browser.newContext({ permissions: ['camera'] });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await prepare(page);
    await page.goto(address);
    await check(page);
    await context.close();
    expect(complaints).toEqual([]);
  }

  const percents = (page: Page) => page.locator('#predictions').getByText(/^\d+\.\d\s%$/);

  test('a sample gives five labels', () =>
    visit(async (page) => {
      await page.getByRole('button', { name: /cat/i }).click();
      await expect.poll(() => percents(page).count(), { timeout: 15_000 }).toBe(5);
    }));

  test.each([320, 360, 390])('nothing sticks out of a page %i pixels wide', (width) =>
    visit(async (page) => {
      await page.setViewportSize({ width, height: 800 });
      await page.getByRole('button', { name: /cat/i }).click();
      await expect.poll(() => percents(page).count(), { timeout: 15_000 }).toBe(5);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    }),
  );

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

  /** The switch, with a float network of random weights where the page expects the trained one. */
  test('a switch to the float network: both answer for the same picture, side by side', async () => {
    const standIn = await floatModelFile();
    const comparison = (page: Page) => page.locator('#comparison tbody tr');
    const cells = async (page: Page, row: number) =>
      comparison(page).nth(row).locator('td').allTextContents();
    await visit(
      async (page) => {
        await page.getByRole('button', { name: /coffee/i }).click();
        await expect.poll(() => percents(page).count(), { timeout: 15_000 }).toBe(5);
        expect((await cells(page, 1)).slice(0, 3)).toEqual(['not tried yet', '', '']);
        await page.getByText('MobileNet, float').first().click();
        await expect.poll(() => cells(page, 1), { timeout: 15_000 }).toContainEqual(MILLISECONDS);
        const [[inBits, , size], [inFloats, , floatSize]] = [
          await cells(page, 0),
          await cells(page, 1),
        ];
        expect(inBits).toMatch(/espresso \d/);
        expect(inFloats).toMatch(/ \d+\.\d\s%$/);
        const shipped = statSync(join(root, 'models/mobinet-mid-k3-w50-64.safetensors'));
        expect(size).toBe(`${(shipped.size / 1000).toFixed(1)}\u202fkB`);
        expect(floatSize).toBe('3.8\u202fMB');
        expect(await page.locator('#facts').textContent()).toContain('stand-in');
        // Another picture goes through both.
        await page.getByRole('button', { name: /rocket/i }).click();
        await expect.poll(() => cells(page, 0), { timeout: 15_000 }).not.toContain(inBits);
        await expect.poll(() => cells(page, 0), { timeout: 15_000 }).toContainEqual(MILLISECONDS);
        await page.getByText('MoBiNet, 1 bit').first().click();
        await expect
          .poll(() => page.locator('#facts').textContent(), { timeout: 15_000 })
          .toContain('MoBiNet-Mid');
      },
      async (page) => {
        const context = page.context();
        await context.route('**/models.json', (route) => route.fulfill({ body: ALL_MODELS }));
        await context.route(`**/${FLOAT_MODEL}`, (route) => route.fulfill({ body: standIn }));
      },
    );
  });

  test('models that are not there are not offered', async () => {
    const offered = await (await fetch(`${address}models.json`)).json();
    expect(offered[0].url).toBe('models/mobinet-mid-k3-w50-64.safetensors');
    for (const { url } of offered) expect(existsSync(join(root, url)), url).toBe(true);
  });

  const noFloat = existsSync(join(root, FLOAT_MODEL)) ? '' : ` (skipped: no ${FLOAT_MODEL} yet)`;
  test.skipIf(noFloat !== '')(`the trained float network answers${noFloat}`, () =>
    visit(async (page) => {
      await page.getByText('MobileNet, float').first().click();
      await page.getByRole('button', { name: /coffee/i }).click();
      await expect.poll(() => percents(page).count(), { timeout: 15_000 }).toBe(5);
    }),
  );

  test("the accuracies of models.json are those of the models' cards", () => {
    const card = readFileSync(join(root, 'models/README.md'), 'utf8');
    for (const { url, top1 } of JSON.parse(ALL_MODELS)) {
      if (top1 === undefined) continue;
      const section = card.split(/^## /m).find((text) => url.endsWith(text.split('\n')[0]!));
      expect(section, url).toContain(`${(top1 * 100).toFixed(1)} %`);
    }
  });

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
