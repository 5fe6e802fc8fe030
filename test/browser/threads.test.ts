import { beforeEach, expect, test } from 'vitest';
import { BUILDS } from '../../src/kernels/builds.ts';
import { loadModel } from '../../src/node/index.ts';
import { bitsOf, fixedInput } from '../engines/fixed-input.js';
import { wasmBytes } from '../helpers/run.ts';
import { describeInChromium } from './chromium.ts';

const INPUT = fixedInput(3 * 64 * 64);

async function wantedBits(): Promise<Uint32Array> {
  const file = new URL('../../models/mobinet-mid-k3-w50-64.safetensors', import.meta.url);
  const model = await loadModel(file, { build: 'plain', wasm: wasmBytes('plain') });
  return bitsOf(await model.run(INPUT));
}

describeInChromium(
  'threads in a page that is cross-origin isolated',
  (fixture) => {
    test.each(BUILDS.flatMap((build) => [2, 3].map((threads) => [build, threads] as const)))(
      '%s on %i threads, in the page itself: the bits of Node',
      async (build, threads) => {
        const page = await fixture.open();
        const { description, runs } = await page.evaluate(
          async ({ build, threads, values }) => {
            const model = await mobinet.loadModel(mobinet.MODEL, { build, threads });
            const runs: number[][] = [];
            for (let run = 0; run < 5; run++) {
              runs.push([...(await model.run(Float32Array.from(values)))]);
            }
            const description = model.describe();
            model.dispose();
            return { description, runs };
          },
          { build, threads, values: [...INPUT] },
        );
        expect(description).toMatchObject({ build, threads, threadsReason: undefined });
        const wanted = await wantedBits();
        for (const logits of runs) expect(bitsOf(logits)).toEqual(wanted);
      },
    );

    test('in the worker: as many as asked for, the predictions of one, one file of kernels', async () => {
      const page = await fixture.open();
      const before = fixture.server.requests.length;
      const answers = await page.evaluate(async () => {
        const picture = await (await fetch('/samples/chelsea.png')).blob();
        const answers = [];
        for (const threads of [2, 1, 4, 'auto'] as const) {
          const classifier = await mobinet.createClassifier(mobinet.MODEL, { threads });
          const { predictions, threads: used } = await classifier.classify(picture);
          answers.push({ threads, used, description: classifier.describe(), predictions });
          classifier.dispose();
          if (threads === 2) await fetch('/after-the-first');
        }
        return answers;
      });
      for (const { threads, used, description, predictions } of answers) {
        if (threads !== 'auto') expect(description.threads).toBe(threads);
        expect(used).toBe(description.threads);
        expect(description.threadsReason).toBeUndefined();
        expect(predictions).toEqual(answers[0]!.predictions);
      }
      const requests = fixture.server.requests.slice(before);
      const ofFirst = requests.slice(0, requests.indexOf('/after-the-first'));
      expect(ofFirst.filter((path) => path.endsWith('.wasm'))).toEqual([
        expect.stringMatching(/-threads\.wasm$/),
      ]);
    });

    test('a script of threads that is not there: one thread, and why', async () => {
      const page = await fixture.open();
      const { description, label } = await page.evaluate(async () => {
        const classifier = await mobinet.createClassifier(mobinet.MODEL, {
          threads: 2,
          threadUrl: '/no-such-script.js',
        });
        const { predictions } = await classifier.classify(mobinet.plainPicture(1, 2, 3));
        return { description: classifier.describe(), label: predictions[0]!.label };
      });
      expect(description).toMatchObject({ threads: 1 });
      expect(description.threadsReason).toMatch(/script cannot be loaded/);
      expect(label).toMatch(/\w/);
    });

    test('threads: 0 is refused, through the worker, too', async () => {
      const page = await fixture.open();
      const failure = await page.evaluate(() =>
        mobinet.failureOf(mobinet.createClassifier(mobinet.MODEL, { threads: 0 })),
      );
      expect(failure).toMatchObject({ name: 'InputError', code: 'INVALID_OPTION' });
    });
  },
  { isolated: true },
);

describeInChromium('threads in a page that is not isolated', (fixture) => {
  beforeEach(() => {
    fixture.server.requests.length = 0;
  });

  test('one thread, and describe() names the headers; kernels for one are fetched', async () => {
    const page = await fixture.open();
    const descriptions = await page.evaluate(async () => {
      const model = await mobinet.loadModel(mobinet.MODEL, { threads: 2 });
      const classifier = await mobinet.createClassifier(mobinet.MODEL, { threads: 'auto' });
      return [model.describe(), classifier.describe()];
    });
    const reason = expect.stringMatching(/not cross-origin isolated.*Cross-Origin-Opener-Policy/);
    expect(descriptions[0]).toMatchObject({ threads: 1, threadsReason: reason });
    expect(descriptions[1]!.threads).toBe(1);
    expect(fixture.server.requests.filter((path) => path.includes('threads.wasm'))).toEqual([]);
  });

  test('kernels for threads that are handed in run on one', async () => {
    const page = await fixture.open();
    const { description, logits } = await page.evaluate(
      async (values) => {
        const wasm = '/dist/mobinet.simd-threads.wasm';
        const options = { build: 'simd', threads: 2, wasm } as const;
        const model = await mobinet.loadModel(mobinet.MODEL, options);
        const logits = [...(await model.run(Float32Array.from(values)))];
        return { description: model.describe(), logits };
      },
      [...INPUT],
    );
    expect(description.threads).toBe(1);
    expect(bitsOf(logits)).toEqual(await wantedBits());
  });
});
