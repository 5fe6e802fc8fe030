import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { openContainer } from '../../src/file/model-file.ts';
import { videoOf } from './still-video.ts';
import { describeDemo, percents, root } from './visits.ts';

const cat = join(root, 'samples/chelsea.png');
const coffee = join(root, 'samples/coffee.png');

/** Squares of a picture, each a little further to the right. */
function partsOf(picture: string, count: number) {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const part = sharp(picture).extract({ left: 10 * i, top: 5 * i, width: 220, height: 220 });
      return { name: `${i}.png`, mimeType: 'image/png', buffer: await part.png().toBuffer() };
    }),
  );
}

async function addPictures(page: Page, index: number, name: string, picture: string) {
  await page.locator('.class-name').nth(index).fill(name);
  const input = page.locator('.card input[type=file]').nth(index);
  await input.setInputFiles(await partsOf(picture, 6));
  const count = page.locator('.card .count').nth(index);
  await expect.poll(() => count.textContent(), { timeout: 60_000 }).toBe('6 pictures');
}

describeDemo(
  'the Teach tab',
  () => videoOf(cat, 15),
  (visits) => {
    test('nothing of it is fetched before it is opened', () =>
      visits.visit(async (page) => {
        const fetched: string[] = [];
        page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
        await page.reload();
        await page.locator('#facts dd').first().waitFor();
        expect(fetched).toContain('/app.js');
        expect(fetched.filter((path) => /teach/.test(path))).toEqual([]);
        await page.getByRole('link', { name: 'Teach' }).click();
        await page.locator('.card').first().waitFor();
        expect(fetched).toContain('/teach/teach.js');
      }));

    test('two classes, one by files and one by the camera: tried live, saved, and used by the command line', () =>
      visits.visit(
        async (page) => {
          await page.locator('.card').first().waitFor();
          await addPictures(page, 0, 'Coffee', coffee);
          await page.locator('.class-name').nth(1).fill('Cat');
          await page.locator('.hold').nth(1).hover();
          await page.mouse.down();
          const count = page.locator('.card .count').nth(1);
          await expect
            .poll(() => count.textContent(), { timeout: 60_000 })
            .toMatch(/^([6-9]|\d\d) /);
          await page.mouse.up();
          await expect
            .poll(() => page.locator('.accuracy').textContent(), { timeout: 60_000 })
            .toMatch(/leave-one-out accuracy: (\d+) of \1 pictures right/);
          // The camera goes on looking.
          const best = page.locator('.share-row.best .label');
          await expect.poll(() => best.textContent(), { timeout: 60_000 }).toBe('Cat');

          await page.locator('.save input').fill('breakfast');
          const downloading = page.waitForEvent('download');
          await page.getByRole('button', { name: 'Save model' }).click();
          const download = await downloading;
          expect(download.suggestedFilename()).toBe('breakfast.safetensors');
          const file = join(visits.folder, 'breakfast.safetensors');
          await download.saveAs(file);
          const { metadata } = openContainer(Uint8Array.from(readFileSync(file)));
          expect(JSON.parse(metadata.get('labels')!)).toEqual(['Coffee', 'Cat']);
          expect(JSON.parse(metadata.get('provenance')!)).toMatchObject({
            leaveOneOut: 1,
            method: expect.stringMatching(/^(logistic regression|nearest centroid)$/),
          });
          const classify = [join(root, 'dist/cli/main.js'), 'classify', '--json', '--model', file];
          const said = execFileSync(process.execPath, [...classify, cat, coffee], {
            encoding: 'utf8',
          });
          const labels = JSON.parse(said).map(
            (result: { predictions: { label: string }[] }) => result.predictions[0]!.label,
          );
          expect(labels).toEqual(['Cat', 'Coffee']);

          await page.getByRole('button', { name: 'Use it on pictures' }).click();
          await page.getByRole('button', { name: /coffee/i }).click();
          await expect.poll(() => percents(page).count(), { timeout: 60_000 }).toBe(2);
          expect(await page.locator('#predictions .name').first().textContent()).toBe('Coffee');
        },
        { path: '#teach' },
      ));
  },
);
