import { join } from 'node:path';
import { expect, test } from 'vitest';
import { videoOf } from './still-video.ts';
import { describeDemo, percents, root } from './visits.ts';

/** Thirty frames, each with noise of its own, as a camera's have. */
const sign = () => videoOf(join(root, 'sample-signs/no-entry.png'), 30, 2);

describeDemo('the page with traffic signs', sign, ({ visit }) => {
  test('a sign before the camera: its name, steady over thirty frames', () =>
    visit(async (page) => {
      await page.locator('#models').getByText('Traffic signs').click();
      await page.getByRole('button', { name: 'No entry' }).waitFor();
      await page.getByRole('button', { name: /use camera/i }).click();
      await expect.poll(() => percents(page).count(), { timeout: 60_000 }).toBe(5);
      const best = page.locator('#predictions .name').first();
      await expect.poll(() => best.textContent(), { timeout: 60_000 }).toBe('no entry');
      // Frame by frame: the page shows a few of them, and their average.
      const labels = await page.evaluate(`(async () => {
        const { createClassifier } = await import('/dist/worker/index.js');
        const signs = await createClassifier('/models/mobinet-signs-k3-w25-32.safetensors');
        const labels = [];
        const frames = signs.stream(document.querySelector('#video'), { smoothing: 0, topK: 1 });
        for await (const { predictions } of frames) {
          labels.push(predictions[0].label);
          if (labels.length === 30) return labels;
        }
      })()`);
      expect(labels).toEqual(Array(30).fill('no entry'));
    }));

  test('the sample signs are named', () =>
    visit(async (page) => {
      await page.locator('#models').getByText('Traffic signs').click();
      for (const label of ['Give way', 'Ahead only', 'No entry']) {
        await page.getByRole('button', { name: label }).click();
        const best = page.locator('#predictions .name').first();
        await expect.poll(() => best.textContent(), { timeout: 60_000 }).toBe(label.toLowerCase());
      }
      // A network of other classes has nothing to say about them.
      expect(await page.locator('#comparison').isVisible()).toBe(false);
    }));
});
