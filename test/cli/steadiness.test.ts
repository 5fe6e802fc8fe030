import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import { changesOfLabel, steadinessOf } from '../../src/cli/steadiness.ts';
import type { Preprocessing } from '../../src/image/picture.ts';
import type { ModelDescription } from '../../src/model.ts';

const SIZE = 32;
const folder = mkdtempSync(join(tmpdir(), 'mobinet-steadiness-'));
afterAll(() => rmSync(folder, { recursive: true }));

const preprocessing: Preprocessing = {
  size: [SIZE, SIZE],
  resize: { rule: 'shorter-side', size: SIZE, filter: 'bilinear' },
  crop: 'center',
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

/** A smooth picture with no value at either end, as a file. */
async function pictureFile(): Promise<string> {
  const level = (x: number, y: number, c: number) => 100 + 60 * Math.sin(x / 5 + c) + y;
  const data = Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) =>
    level(Math.floor(i / 3) % SIZE, Math.floor(i / 3 / SIZE), i % 3),
  );
  const file = join(folder, 'picture.png');
  await sharp(data, { raw: { width: SIZE, height: SIZE, channels: 3 } }).toFile(file);
  return file;
}

/** What a model is given, in grey levels: the picture, then each change of it; its label is `labels[k]`. */
async function inputsOf(labels: readonly number[]) {
  const inputs: number[][] = [];
  const changes = await changesOfLabel(
    {
      async run(input) {
        inputs.push(Array.from(input, (value) => Math.round(value * 255)));
        return Float32Array.from({ length: 3 }, (_, k) =>
          k === labels[inputs.length - 1] ? 1 : 0,
        );
      },
      describe: () => ({ preprocessing }) as ModelDescription,
    },
    await pictureFile(),
    {},
    7,
  );
  return { inputs, changes };
}

test('noise is a level either way or none, a third each; a shift is a pixel to the right; JPEG is near', async () => {
  const [usual, noise, shift, jpeg] = (await inputsOf([0, 0, 0, 0])).inputs as [
    number[],
    number[],
    number[],
    number[],
  ];
  const steps = noise.map((value, i) => value - usual[i]!);
  for (const step of [-1, 0, 1]) {
    const share = steps.filter((value) => value === step).length / steps.length;
    expect(Math.abs(share - 1 / 3)).toBeLessThan(0.05);
  }
  expect(shift).toEqual(usual.map((_, i) => usual[i % SIZE === 0 ? i : i - 1]));
  expect(jpeg).not.toEqual(usual);
  const far = jpeg.map((value, i) => Math.abs(value - usual[i]!));
  expect(far.reduce((a, b) => a + b) / far.length).toBeLessThan(8);
});

test('changes of which the label is another, and their shares', async () => {
  const { changes } = await inputsOf([1, 1, 2, 0]);
  expect(changes).toEqual(['shift', 'jpeg']);
  expect(steadinessOf([changes, ['jpeg'], [], []])).toEqual({ noise: 0, shift: 0.25, jpeg: 0.5 });
});

test('the picture is read within the same bounds as before', async () => {
  const model = {
    run: () => Promise.reject(),
    describe: () => ({ preprocessing }) as ModelDescription,
  };
  const changes = changesOfLabel(model, await pictureFile(), { maxPixels: SIZE }, 7);
  await expect(changes).rejects.toMatchObject({ code: 'PICTURE_SIZE' });
});
