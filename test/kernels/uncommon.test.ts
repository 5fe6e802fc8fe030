import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { UNCOMMON } from '../../src/kernels/uncommon.ts';
import { loadModelOn, type Platform } from '../../src/loading.ts';
import { mobileNetV1 } from '../../src/networks/mobilenet-v1.ts';
import { mobinet } from '../../src/networks/mobinet.ts';
import { planGraph } from '../../src/plan/plan.ts';
import { tinyModelFile } from '../helpers/model-file.ts';
import { planGraph as planWithAll } from '../helpers/plan.ts';
import { wasmBytes } from '../helpers/run.ts';

const small = { width: 0.25, size: 32, classes: 10 };
const stream = { type: 'int16', fraction: 8 } as const;

test.each([
  ['MoBiNet', mobinet({ ...small, block: 'mid', k: 3 })],
  ['MoBiNet with int16 streams', mobinet({ ...small, block: 'mid', k: 4, headBits: 8, stream })],
  ['MobileNet v1', mobileNetV1(small)],
] as const)('%s: planned by the common families as by all', (_, graph) => {
  const kernelsOf = ({ steps }: ReturnType<typeof planGraph>) => steps.map(({ kernel }) => kernel);
  expect(kernelsOf(planGraph(graph, 'simd'))).toEqual(kernelsOf(planWithAll(graph, 'simd')));
});

/** A platform that counts how often it is asked for families, and gives what `give` gives. */
function platformOf(give: Platform['uncommonFamilies']) {
  const asked = { times: 0 };
  const platform: Platform = {
    cores: () => 1,
    kernels: (build, _, extent) => wasmBytes(build, '', extent),
    openThreadPool: () => Promise.reject(new Error('no threads here')),
    uncommonFamilies: () => {
      asked.times++;
      return give();
    },
  };
  return { platform, asked };
}

test('the others are asked for where a stage has no common family, or there is no SIMD', async () => {
  const { platform, asked } = platformOf(async () => ({ UNCOMMON }));
  const file = new URL('../../models/mobinet-mid-k3-w25-64.safetensors', import.meta.url);
  const bytes = Uint8Array.from(readFileSync(file));
  await loadModelOn(platform, bytes, { build: 'simd' });
  expect(asked.times).toBe(0);
  await loadModelOn(platform, bytes, { build: 'plain' });
  expect(asked.times).toBe(1);
  await loadModelOn(platform, await tinyModelFile(), { build: 'simd' });
  expect(asked.times).toBe(2);
});

test('where they cannot be loaded: WASM_INVALID, with the file that is missing', async () => {
  const cause = new TypeError('Failed to fetch dynamically imported module');
  const { platform } = platformOf(() => Promise.reject(cause));
  const loading = loadModelOn(platform, await tinyModelFile(), {});
  await expect(loading).rejects.toMatchObject({
    code: 'WASM_INVALID',
    hint: expect.stringContaining('kernels/uncommon.js'),
    cause,
  });
});
