import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseModelFile } from '../src/file/model-file.ts';
import { cosineSimilarity, loadModel, type Model } from '../src/index.ts';
import type { DenseNode } from '../src/ops/dense.ts';
import { chooseBuild, probeFeatures } from '../src/runtime/features.ts';
import { softmax } from '../src/top-k.ts';
import { tinyModelFile } from './helpers/model-file.ts';
import { randomFrom } from './helpers/random.ts';
import { BUILDS, wasmBytes, wasmModule } from './helpers/run.ts';
import { f32 } from './networks/tiny-network.ts';

let bytes: Uint8Array;
beforeAll(async () => {
  bytes = await tinyModelFile();
});

const load = (wasm: Parameters<typeof loadModel>[1] = {}) =>
  loadModel(bytes, { build: 'simd', wasm: wasmModule('simd'), ...wasm });

const picture = (seed: number, side = 9) => {
  const random = randomFrom(seed);
  const data = Uint8Array.from({ length: side * side * 3 }, () => random.below(256));
  return { data, width: side, height: side };
};

const zeros = new Float32Array(108);

/** Zeros, but for one. */
const zerosBut = (index: number, value: number) =>
  zeros.map((zero, at) => (at === index ? value : zero));

describe('classify', () => {
  test('all classes, best first, scores that sum to 1, labels by index', async () => {
    const model = await load();
    const { predictions, timings } = await model.classify(picture(1), { topK: 5 });
    expect(predictions.map(({ index }) => index).sort()).toEqual([0, 1, 2, 3, 4]);
    for (const { index, label } of predictions) expect(label).toBe(model.labels[index]);
    const scores = predictions.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(scores.reduce((sum, score) => sum + score)).toBeCloseTo(1, 5);
    expect(timings.total).toBeGreaterThanOrEqual(timings.preprocess + timings.run);
  });

  test('the temperature of the file divides the logits', async () => {
    const warm = await loadModel(
      await tinyModelFile(({ metadata }) => metadata.set('temperature', '4')),
      { wasm: wasmModule('simd') },
    );
    const model = await load();
    const [cold, hot] = await Promise.all([model.classify(picture(1)), warm.classify(picture(1))]);
    const ratio = ({ predictions: [first, second] }: typeof cold) =>
      Math.log(first!.score / second!.score);
    expect(ratio(cold)).toBeCloseTo(4 * ratio(hot), 3);
  });

  test.each([0, -1, 1.5, 6, Number.NaN])('topK %d: INVALID_OPTION', async (topK) => {
    const model = await load();
    await expect(model.classify(picture(1), { topK })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      hint: 'a whole number from 1 to 5',
    });
  });
});

describe('the part and the labels asked for', () => {
  test('a region turned upright gives what the turned crop gives', async () => {
    const model = await load();
    const whole = picture(1, 18);
    const region = { left: 0.5, top: 0, right: 1, bottom: 0.5 };
    const data = new Uint8Array(9 * 9 * 3);
    // Pixel (x, y) of the quarter turned comes from (9 + y, 8 - x) of the whole.
    for (let y = 0; y < 9; y++) {
      for (let x = 0; x < 9; x++) {
        const from = ((8 - x) * 18 + 9 + y) * 3;
        data.set(whole.data.subarray(from, from + 3), (y * 9 + x) * 3);
      }
    }
    const asked = await model.classify(whole, { region, rotate: 90 });
    const cropped = await model.classify({ data, width: 9, height: 9 });
    expect(asked.predictions).toEqual(cropped.predictions);
    expect(asked.predictions).not.toEqual((await model.classify(whole)).predictions);
  });

  test('only a label that is allowed, with the score it has among all', async () => {
    const model = await load();
    const all = (await model.classify(picture(1), { topK: 'all' })).predictions;
    const label = model.labels[3]!;
    const { predictions } = await model.classify(picture(1), { allow: [label] });
    expect(all).toHaveLength(5);
    expect(predictions).toEqual(all.filter(({ index }) => index === 3));
  });
});

test('logits that overflow: LOGITS_NOT_FINITE, with the layer, and the model goes on', async () => {
  const large = await tinyModelFile(({ tensors }) => {
    tensors.set('head.scale', f32([5], [3e38, 3e38, 3e38, 3e38, 3e38]));
  });
  const model = await loadModel(large, { wasm: wasmModule('simd') });
  const expected = { code: 'LOGITS_NOT_FINITE', message: expect.stringContaining('layer logits') };
  await expect(model.run(zeros.map(() => 1000))).rejects.toMatchObject(expected);
  await expect(model.classify(picture(1))).rejects.toMatchObject(expected);
  await expect(model.profile()).resolves.toBeDefined();
});

test('limits are those of the options', async () => {
  await expect(load({ limits: { multiplyAdds: 1 } })).rejects.toMatchObject({
    code: 'GRAPH_TOO_LARGE',
  });
});

describe('embed', () => {
  test.each(BUILDS)('%s: the vector that the head makes the logits of', async (build) => {
    const model = await load({ build, wasm: wasmModule(build) });
    const { graph } = parseModelFile(bytes);
    const head = graph.nodes.find(({ name }) => name === graph.output) as DenseNode;
    const features = await model.embed(picture(1));
    expect(features).toHaveLength(head.inChannels);
    const all = (await model.classify(picture(1), { topK: 'all' })).predictions;
    const logits = Array.from({ length: head.outChannels }, (_, output) =>
      features.reduce(
        (sum, feature, i) =>
          sum +
          feature * head.weight[output * head.inChannels + i]! * (head.weightScale?.[output] ?? 1),
        head.bias?.[output] ?? 0,
      ),
    );
    const scores = softmax(Float32Array.from(logits), parseModelFile(bytes).temperature);
    for (const { index, score } of all) expect(score).toBeCloseTo(scores[index]!, 4);
  });

  test('l2Normalize: the same direction, of length 1', async () => {
    const model = await load();
    const plain = await model.embed(picture(1));
    const unit = await model.embed(picture(1), { l2Normalize: true });
    expect(Math.hypot(...unit)).toBeCloseTo(1, 5);
    expect(cosineSimilarity(plain, unit)).toBeCloseTo(1, 5);
  });

  test('cosineSimilarity: of nothing 0; of two sizes INPUT_SHAPE', () => {
    expect(cosineSimilarity(Float32Array.of(0, 0), Float32Array.of(1, 2))).toBe(0);
    expect(cosineSimilarity(Float32Array.of(1, 0), Float32Array.of(0, 2))).toBe(0);
    expect(() => cosineSimilarity(zeros, Float32Array.of(1))).toThrow(/108 and 1 numbers/);
  });
});

describe('bad input is refused and leaves the model usable', () => {
  test.each<[string, string, (model: Model) => Promise<unknown>]>([
    ['too few numbers', 'INPUT_SHAPE', (model) => model.run(new Float32Array(107))],
    ['too many', 'INPUT_SHAPE', (model) => model.run(new Float32Array(109))],
    ['NaN', 'INPUT_NOT_FINITE', (model) => model.run(zeros.map(() => Number.NaN))],
    ['infinity', 'INPUT_NOT_FINITE', (model) => model.profile(zerosBut(3, Infinity))],
    ['no pixels', 'PICTURE_SIZE', (model) => model.classify({ ...picture(1), width: 0 })],
    [
      'absurdly many',
      'PICTURE_SIZE',
      (model) => model.classify({ data: new Uint8Array(3), width: 1e6, height: 1e6 }),
    ],
    [
      'pixels missing',
      'PICTURE_SIZE',
      (model) => model.classify({ ...picture(1), data: new Uint8Array(5) }),
    ],
  ])('%s: %s', async (_, code, action) => {
    const model = await load();
    const before = await model.run(zeros);
    await expect(action(model)).rejects.toMatchObject({ code, name: 'InputError' });
    expect(await model.run(zeros)).toEqual(before);
  });

  test('the index of what is not finite is named', async () => {
    const model = await load();
    await expect(model.run(zerosBut(7, Number.NaN))).rejects.toThrow(/NaN at index 7/);
  });
});

describe('two models side by side', () => {
  test('do not disturb each other', async () => {
    const random = randomFrom(6);
    const input = random.floats(108, random.eighth);
    const [a, b] = [await load(), await load({ build: 'plain', wasm: wasmModule('plain') })];
    const expected = await a.run(input);
    await b.run(zeros);
    expect(await a.run(input)).toEqual(expected);
    expect(await b.run(input)).toEqual(expected);
    a.dispose();
    expect(await b.run(input)).toEqual(expected);
  });

  test('logits handed out are not overwritten by the next run', async () => {
    const model = await load();
    const first = await model.run(zeros);
    const copy = first.slice();
    await model.run(zeros.map(() => 2));
    expect(first).toEqual(copy);
  });
});

test('dispose: every later call says DISPOSED; a second dispose is no error', async () => {
  const model = await load();
  model.dispose();
  model.dispose();
  for (const call of [model.run(zeros), model.classify(picture(1)), model.profile()]) {
    await expect(call).rejects.toMatchObject({ code: 'DISPOSED', name: 'RuntimeError' });
  }
  expect(model.describe().name).toBe('tiny');
});

describe('activations', () => {
  const file = readFileSync(
    new URL('../models/mobinet-mid-k3-w25-64.safetensors', import.meta.url),
  );
  const random = randomFrom(3);
  const input = random.floats(3 * 64 * 64, random.eighth);

  test('as the model asks by default; float32 where that is asked for, by either name', async () => {
    const wasm = wasmModule('simd');
    const [asked, int16, float32, earlier] = await Promise.all([
      loadModel(file, { wasm }),
      loadModel(file, { wasm, activations: 'int16' }),
      loadModel(file, { wasm, activations: 'float32' }),
      loadModel(file, { wasm, stream: 'float32' }),
    ]);
    expect(asked.describe()).toMatchObject({ activations: 'int16', stream: 'int16' });
    expect(float32.describe()).toMatchObject({ activations: 'float32', stream: 'float32' });
    const float = await float32.run(input);
    expect(await earlier.run(input)).toEqual(float);
    expect(await int16.run(input)).toEqual(await asked.run(input));
    expect(await asked.run(input)).not.toEqual(float);
  });

  test('activations goes before stream, its earlier name', async () => {
    const options = { wasm: wasmModule('simd'), activations: 'model', stream: 'float32' } as const;
    const model = await loadModel(file, options);
    expect(model.describe().activations).toBe('int16');
  });

  test('int16 of a model that has no bits of fraction; a type that is none', async () => {
    const refused = { name: 'InputError', code: 'INVALID_OPTION' };
    await expect(load({ activations: 'int16' })).rejects.toMatchObject(refused);
    const none = 'int8' as 'int16';
    await expect(load({ activations: none })).rejects.toMatchObject({
      ...refused,
      hint: "'float32', 'int16' or 'model'",
    });
  });
});

test('describe: what the model is and what it takes', async () => {
  const model = await load();
  const description = model.describe();
  expect(description).toMatchObject({
    name: 'tiny',
    build: 'simd',
    input: [3, 6, 6],
    classes: 5,
    digest: 'verified',
    fileBytes: bytes.length,
    // 4x3x3x3 taps on 6x6, and 5x8; 4 filters of 18 taps on 6x6.
    flops: 108 * 36 + 40 + (72 * 36) / 64,
    binaryMacs: 72 * 36,
  });
  expect(description.memoryBytes % 65536).toBe(0);
  expect(description.memoryBytes).toBeGreaterThan(
    description.constantBytes + description.arenaBytes,
  );
});

test('profile: a time for each step', async () => {
  const model = await load();
  const steps = await model.profile();
  expect(steps.map(({ kernel }) => kernel)).toContain('denseInt8');
  expect(steps.every(({ milliseconds }) => milliseconds >= 0)).toBe(true);
});

describe('the build', () => {
  test.each(BUILDS)('%s runs where it is asked for, and says so', async (build) => {
    const model = await loadModel(bytes, { build, wasm: wasmBytes(build) });
    expect(model.build).toBe(build);
    expect(await model.run(zeros)).toEqual(await (await load()).run(zeros));
  });

  test('auto takes the fastest that the engine takes; what it does not take is refused', () => {
    expect(probeFeatures().slice(0, 2)).toEqual(['plain', 'simd']);
    expect(chooseBuild(['plain', 'simd', 'relaxed'], 'auto')).toBe('relaxed');
    expect(chooseBuild(['plain'], 'auto')).toBe('plain');
    expect(chooseBuild(['plain', 'simd'], 'plain')).toBe('plain');
    expect(() => chooseBuild(['plain'], 'simd')).toThrow(/cannot run the build "simd"/);
  });
});

describe('kernels that cannot be used', () => {
  const page = new TextEncoder().encode('<!doctype html><title>Not found</title>');
  test.each<[string, RegExp, Parameters<typeof loadModel>[1]]>([
    ['a web page', /HTML page/, { wasm: page }],
    ['a web page that a server answers with', /HTML page/, { wasm: new Response(page) }],
    ['HTTP 404', /HTTP 404/, { wasm: new Response('', { status: 404 }) }],
    ['half of a module', /Cannot compile/, { wasm: wasmBytes('simd').slice(0, 2000) }],
    [
      'a module of something else',
      /not one of this package|lacks/,
      { wasm: new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)) },
    ],
    ['the plain module for the SIMD build', /lacks/, { build: 'simd', wasm: wasmModule('plain') }],
  ])('%s: WASM_INVALID, and loading again works', async (_, message, options) => {
    await expect(loadModel(bytes, options)).rejects.toMatchObject({
      code: 'WASM_INVALID',
      message: expect.stringMatching(message),
    });
    expect((await load()).name).toBe('tiny');
  });
});

describe('models that cannot be loaded', () => {
  test.each([
    ['in a number', 4],
    ['so that a number is not finite', 0x7f],
  ])('a damaged one, %s: MODEL_DIGEST', async (_, bits) => {
    const damaged = bytes.slice();
    damaged[damaged.length - 2]! |= 0x80;
    damaged[damaged.length - 1]! = 0;
    damaged[damaged.length - 1]! |= bits;
    await expect(loadModel(damaged, { wasm: wasmModule('simd') })).rejects.toMatchObject({
      code: 'MODEL_DIGEST',
    });
  });

  test('one that is not wanted any more: ABORTED', async () => {
    const source = new Response(new Blob([Uint8Array.from(bytes)]));
    const options = { signal: AbortSignal.abort(), wasm: wasmModule('simd') };
    await expect(loadModel(source, options)).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

test('the core has no Node built-ins', () => {
  const seen = new Set<string>();
  const visit = (file: URL) => {
    if (seen.has(file.href)) return;
    seen.add(file.href);
    // Without comments: their examples import the package by name.
    const source = readFileSync(file, 'utf8').replace(/\/\*\*[\s\S]*?\*\//g, '');
    for (const [, from] of source.matchAll(/(?:from|import)\s*\(?'([^']+)'/g)) {
      expect(from, file.href).toMatch(/^\.{1,2}\//);
      visit(new URL(from!, file));
    }
  };
  visit(new URL('../src/index.ts', import.meta.url));
  expect(seen.size).toBeGreaterThan(20);
});
