import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadModel } from '../../src/node/index.ts';
import { randomFrom } from '../helpers/random.ts';
import { wasmModule } from '../helpers/run.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const PER_CLASS = 7;
const COLOURS = { red: [220, 30, 30], green: [30, 200, 30], blue: [30, 30, 220] };

let folder: string;
let random: ReturnType<typeof randomFrom>;

/** A picture of one colour, with noise. */
function pictureOf(colour: readonly number[]): Buffer {
  const png = new PNG({ width: 64, height: 64 });
  for (let i = 0; i < png.data.length; i += 4) {
    for (let c = 0; c < 3; c++) png.data[i + c] = colour[c]! + random.below(60) - 30;
    png.data[i + 3] = 255;
  }
  return PNG.sync.write(png);
}

beforeAll(() => {
  random = randomFrom(1);
  folder = mkdtempSync(join(tmpdir(), 'mobinet-test-'));
  for (const [label, colour] of Object.entries(COLOURS)) {
    mkdirSync(join(folder, 'colours', label), { recursive: true });
    for (let i = 0; i < PER_CLASS; i++) {
      writeFileSync(join(folder, 'colours', label, `${i}.png`), pictureOf(colour));
    }
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const teach = (...args: string[]) =>
  spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), 'teach', ...args], {
    encoding: 'utf8',
  });

test('three colours: a model that knows them, and says how well', async () => {
  const out = join(folder, 'colours.safetensors');
  const { status, stdout, stderr } = teach(join(folder, 'colours'), '--out', out);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout).toContain('colours: 3 classes, 21 pictures, by logistic regression');
  expect(stdout).toMatch(/leave-one-out accuracy: (19|20|21) of 21/);
  expect(stdout).toMatch(/^3 red +\. +\. +7$/m);
  const model = await loadModel(readFileSync(out), { build: 'simd', wasm: wasmModule('simd') });
  expect(model.labels).toEqual(['blue', 'green', 'red']);
  expect(model.labelIds).toBeUndefined();
  expect(model.describe().digest).toBe('verified');
  for (const [label, colour] of Object.entries(COLOURS)) {
    const { predictions } = await model.classify(pictureOf(colour));
    expect(predictions[0]!.label).toBe(label);
  }
  model.dispose();
}, 60_000);

test('one class only: exit code 2, and nothing is written', () => {
  const out = join(folder, 'none.safetensors');
  mkdirSync(join(folder, 'one', 'only'), { recursive: true });
  const { status, stderr } = teach(join(folder, 'one'), '--out', out);
  expect(stderr).toMatch(/1 class folders .*two at least/);
  expect(status).toBe(2);
  expect(existsSync(out)).toBe(false);
}, 60_000);
