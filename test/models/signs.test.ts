import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadModel } from '../../dist/node/index.js';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

describe('the shipped model of traffic signs names what sample-signs/draw.py draws', async () => {
  const model = await loadModel(at('models/mobinet-signs-k3-w25-32.safetensors'));

  test.each([
    ['no-entry', 'no entry'],
    ['give-way', 'give way'],
    ['ahead-only', 'ahead only'],
  ])('%s.png', async (file, label) => {
    const { predictions } = await model.classify(at(`sample-signs/${file}.png`));
    expect(predictions[0]?.label).toBe(label);
    expect(predictions[0]?.score).toBeGreaterThan(0.8);
  });
});
