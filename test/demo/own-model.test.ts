import { join } from 'node:path';
import { expect, test } from 'vitest';
import { onnxModel } from '../helpers/onnx.ts';
import { videoOf } from './still-video.ts';
import { describeDemo, percents, root } from './visits.ts';

const cat = () => videoOf(join(root, 'samples/chelsea.png'), 1);

/** Sign, a binary convolution, and the means of its four channels as the logits. */
const stripes = onnxModel({
  nodes: [
    { op: 'Sign', inputs: ['x'], output: 's' },
    { op: 'Conv', inputs: ['s', 'w'], output: 'c', ints: { pads: [1, 1, 1, 1] } },
    { op: 'GlobalAveragePool', inputs: ['c'], output: 'g' },
    { op: 'Flatten', inputs: ['g'], output: 'y' },
  ],
  tensors: [
    {
      name: 'w',
      shape: [4, 3, 3, 3],
      floats: Array.from({ length: 108 }, (_, at) => ((at * 7) % 5 < 2 ? -0.5 : 0.5)),
    },
  ],
});

const fileOf = (name: string, content: Uint8Array) => ({
  name,
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(content),
});

describeDemo('a model of the visitor', cat, ({ visit }) => {
  test('an ONNX file is converted, shown and used; a broken one is told of, and it stays', () =>
    visit(async (page) => {
      const input = page.locator('#model-file');
      const facts = page.locator('#facts');
      await page.locator('#facts dd').first().waitFor();
      await input.setInputFiles(fileOf('stripes.onnx', stripes));
      await expect.poll(() => facts.textContent(), { timeout: 60_000 }).toContain('stripes');
      expect(await page.locator('#conversion').textContent()).toMatch(
        /^Converted from ONNX: 1 of 1 convolutions and dense layers are bits\. /,
      );
      await page.getByRole('button', { name: /coffee/i }).click();
      await expect.poll(() => percents(page).count(), { timeout: 60_000 }).toBe(4);
      await page.getByText('Layers, cost and labels').click();
      const layers = page.locator('.layers');
      await expect
        .poll(() => layers.textContent(), { timeout: 60_000 })
        .toContain('binary conv 3x3');
      expect(await page.locator('.labels li').allTextContents()).toEqual(['0', '1', '2', '3']);

      const alert = page.getByRole('alert');
      const broken = [
        fileOf('broken.onnx', stripes.slice(0, 90)),
        fileOf('broken.safetensors', Buffer.from('no model')),
      ];
      for (const file of broken) {
        await input.setInputFiles(file);
        await alert.waitFor({ timeout: 60_000 });
        expect(await alert.textContent()).not.toBe('');
        expect(await facts.textContent()).toContain('stripes');
        await page.getByRole('button', { name: 'Dismiss' }).click();
      }
      await page.getByRole('button', { name: /rocket/i }).click();
      await expect.poll(() => percents(page).count(), { timeout: 60_000 }).toBe(4);
      await page.locator('#models').getByText('MoBiNet, 1 bit').click();
      await expect.poll(() => facts.textContent(), { timeout: 60_000 }).toContain('MoBiNet-Mid');
      expect(await page.locator('#conversion').isVisible()).toBe(false);
    }));
});
