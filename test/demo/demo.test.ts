import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { parseModelFile, writeModelFile } from '../../src/file/model-file.ts';
import { mobileNetV1Definition } from '../../src/networks/mobilenet-v1.ts';
import { videoOf } from './still-video.ts';
import { describeDemo, percents, root } from './visits.ts';

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

const cat = () => videoOf(join(root, 'samples/chelsea.png'), 15);

describeDemo('the demo page', cat, (visits) => {
  const { visit } = visits;

  test('a sample gives five labels', () =>
    visit(async (page) => {
      await page.getByRole('button', { name: /cat/i }).click();
      await expect.poll(() => percents(page).count(), { timeout: 60_000 }).toBe(5);
    }));

  test.each([320, 360, 390])('nothing sticks out of a page %i pixels wide', (width) =>
    visit(async (page) => {
      await page.setViewportSize({ width, height: 800 });
      await page.getByRole('button', { name: /cat/i }).click();
      await expect.poll(() => percents(page).count(), { timeout: 60_000 }).toBe(5);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    }),
  );

  test('a file gives five labels; one that is no picture says so', () =>
    visit(async (page) => {
      const input = page.locator('#file');
      await input.setInputFiles(join(root, 'samples/rocket.jpg'));
      await expect.poll(() => percents(page).count(), { timeout: 60_000 }).toBe(5);
      await input.setInputFiles({
        name: 'notes.png',
        mimeType: 'image/png',
        buffer: Buffer.from('no picture'),
      });
      const alert = page.getByRole('alert');
      await alert.waitFor({ timeout: 60_000 });
      expect(await alert.textContent()).toMatch(/picture/i);
    }));

  test('the camera gives five labels, and stops', () =>
    visit(async (page) => {
      await page.getByRole('button', { name: /use camera/i }).click();
      await expect.poll(() => percents(page).count(), { timeout: 60_000 }).toBe(5);
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
        await expect.poll(() => percents(page).count(), { timeout: 60_000 }).toBe(5);
        expect((await cells(page, 1)).slice(0, 3)).toEqual(['not tried yet', '', '']);
        await page.getByText('MobileNet, float').first().click();
        await expect.poll(() => cells(page, 1), { timeout: 60_000 }).toContainEqual(MILLISECONDS);
        const [[inBits, , size], [inFloats, , floatSize]] = [
          await cells(page, 0),
          await cells(page, 1),
        ];
        expect(inBits).toMatch(/espresso \d/);
        expect(inFloats).toMatch(/ \d+\.\d\s%$/);
        const shipped = statSync(join(root, 'models/mobinet-steady-w50-64.safetensors'));
        expect(size).toBe(`${(shipped.size / 1000).toFixed(1)}\u202fkB`);
        expect(floatSize).toBe('3.8\u202fMB');
        expect(await page.locator('#facts').textContent()).toContain('stand-in');
        // Another picture goes through both.
        await page.getByRole('button', { name: /rocket/i }).click();
        await expect.poll(() => cells(page, 0), { timeout: 60_000 }).not.toContain(inBits);
        await expect.poll(() => cells(page, 0), { timeout: 60_000 }).toContainEqual(MILLISECONDS);
        await page.getByText('MoBiNet, steady').first().click();
        await expect
          .poll(() => page.locator('#facts').textContent(), { timeout: 60_000 })
          .toContain('MoBiNet steady');
      },
      {
        async prepare(page) {
          const context = page.context();
          await context.route('**/models.json', (route) => route.fulfill({ body: ALL_MODELS }));
          await context.route(`**/${FLOAT_MODEL}`, (route) => route.fulfill({ body: standIn }));
        },
      },
    );
  });

  test('models that are not there are not offered', async () => {
    const offered = await (await fetch(`${visits.address}models.json`)).json();
    expect(offered[0].url).toBe('models/mobinet-steady-w50-64.safetensors');
    for (const { url } of offered) expect(existsSync(join(root, url)), url).toBe(true);
  });

  const noFloat = existsSync(join(root, FLOAT_MODEL)) ? '' : ` (skipped: no ${FLOAT_MODEL} yet)`;
  test.skipIf(noFloat !== '')(`the trained float network answers${noFloat}`, () =>
    visit(async (page) => {
      await page.getByText('MobileNet, float').first().click();
      await page.getByRole('button', { name: /coffee/i }).click();
      await expect.poll(() => percents(page).count(), { timeout: 60_000 }).toBe(5);
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

  test('after a visit it works without a network, also the parts that were not opened', {
    timeout: 300_000,
  }, async () => {
    const context = await visits.context();
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(visits.address);
    await page.getByRole('button', { name: /cat/i }).click();
    await expect.poll(() => percents(page).count(), { timeout: 60_000 }).toBe(5);
    await page.getByText('offline from now on, Teach and Bench too').waitFor();
    await context.setOffline(true);
    await page.reload();
    await page.getByRole('button', { name: /coffee/i }).click();
    await expect.poll(() => percents(page).count(), { timeout: 60_000 }).toBe(5);
    await page.getByRole('link', { name: 'Teach' }).click();
    await page.locator('.card').first().waitFor();
    await page.getByRole('link', { name: 'Bench' }).click();
    await page.getByRole('button', { name: 'Start' }).click();
    // From 0.4 on it measures: every network has run, in every build.
    const progress = () =>
      page.locator('#running progress').evaluate((bar: HTMLProgressElement) => bar.value);
    await expect.poll(progress, { timeout: 120_000 }).toBeGreaterThan(0.4);
    await context.close();
  });
});
