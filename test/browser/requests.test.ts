import { expect, test } from 'vitest';
import { describeInChromium } from './chromium.ts';

describeInChromium('requests', (fixture) => {
  test('a thousand at once: each gets the answer to its own picture', async () => {
    const page = await fixture.open();
    const { wrong, distinct } = await page.evaluate(async () => {
      const classifier = await mobinet.createClassifier(mobinet.MODEL);
      const colours = Array.from({ length: 10 }, (_, index) =>
        mobinet.plainPicture(index * 25, 255 - index * 25, (index * 90) % 256, 64, 64),
      );
      const wanted: string[] = [];
      for (const picture of colours) {
        wanted.push(JSON.stringify((await classifier.classify(picture)).predictions));
      }
      const answers = await Promise.all(
        Array.from({ length: 1000 }, async (_, index) => {
          const topK = 1 + (index % 5);
          const { predictions } = await classifier.classify(colours[index % 10]!, { topK });
          return JSON.stringify(predictions);
        }),
      );
      const wrong = answers.filter((answer, index) => {
        const all: unknown[] = JSON.parse(wanted[index % 10]!);
        return answer !== JSON.stringify(all.slice(0, 1 + (index % 5)));
      });
      return { wrong: wrong.length, distinct: new Set(wanted).size };
    });
    expect(wrong).toBe(0);
    expect(distinct).toBe(10);
  });

  test('latest: of a hundred at once the first and the last run, the others are ABORTED', async () => {
    const page = await fixture.open();
    const outcomes = await page.evaluate(async () => {
      const classifier = await mobinet.createClassifier(mobinet.MODEL, { queue: 'latest' });
      const settled = await Promise.allSettled(
        Array.from({ length: 100 }, () => classifier.classify(mobinet.plainPicture(9, 9, 9))),
      );
      return settled.map((one) => (one.status === 'rejected' ? one.reason.code : one.status));
    });
    expect(outcomes).toEqual(['fulfilled', ...Array(98).fill('ABORTED'), 'fulfilled']);
  });

  test('errors of the worker keep their class, code and hint', async () => {
    const page = await fixture.open();
    const failure = await page.evaluate(async () => {
      const classifier = await mobinet.createClassifier(mobinet.MODEL);
      return mobinet.failureOf(classifier.classify(mobinet.plainPicture(1, 1, 1), { topK: 0 }));
    });
    expect(failure).toEqual({
      name: 'InputError',
      code: 'INVALID_OPTION',
      message: 'topK is 0 (a whole number from 1 to 200)',
      hint: 'a whole number from 1 to 200',
      ofItsClass: true,
    });
  });

  test('abort: the one that runs, one that waits, one aborted before; the others are answered', async () => {
    const page = await fixture.open();
    const { failures, answered } = await page.evaluate(async () => {
      const classifier = await mobinet.createClassifier(mobinet.MODEL);
      const picture = mobinet.plainPicture(10, 200, 90);
      const controller = new AbortController();
      const { signal } = controller;
      const aborted = [
        classifier.classify(picture, { signal }),
        classifier.classify(picture, { signal }),
      ].map(mobinet.failureOf);
      const other = classifier.classify(picture);
      controller.abort();
      aborted.push(mobinet.failureOf(classifier.classify(picture, { signal })));
      return { failures: await Promise.all(aborted), answered: await other };
    });
    for (const failure of failures) {
      expect(failure).toMatchObject({ name: 'RuntimeError', code: 'ABORTED', ofItsClass: true });
    }
    expect(failures).toHaveLength(3);
    expect(answered.predictions).toHaveLength(5);
  });

  test('dispose: what is pending and what comes later is DISPOSED; twice is once', async () => {
    const page = await fixture.open();
    const codes = await page.evaluate(async () => {
      const classifier = await mobinet.createClassifier(mobinet.MODEL);
      const picture = mobinet.plainPicture(10, 200, 90);
      const pending = [
        classifier.classify(picture),
        classifier.classify(picture),
        classifier.profile(),
      ].map(mobinet.failureOf);
      classifier.dispose();
      classifier.dispose();
      const later = [classifier.classify(picture), classifier.profile()].map(mobinet.failureOf);
      return (await Promise.all([...pending, ...later])).map(({ name, code }) => [name, code]);
    });
    expect(codes).toEqual(Array(5).fill(['RuntimeError', 'DISPOSED']));
  });

  test('a worker that fails: what is pending is WORKER_FAILED; later ones have another worker', async () => {
    const page = await fixture.open();
    const { failures, after } = await page.evaluate(async () => {
      let worker: Worker | undefined;
      const classifier = await mobinet.createClassifier(mobinet.MODEL, {
        createWorker: () => {
          worker = new Worker('/test/browser/crashing-worker.js', { type: 'module' });
          return worker;
        },
      });
      const picture = mobinet.plainPicture(10, 200, 90);
      await classifier.classify(picture);
      worker!.postMessage('crash');
      const pending = [classifier.classify(picture), classifier.classify(picture)];
      const failures = await Promise.all(pending.map(mobinet.failureOf));
      return { failures, after: await classifier.classify(picture) };
    });
    expect(failures).toHaveLength(2);
    for (const failure of failures) {
      expect(failure).toMatchObject({ name: 'RuntimeError', code: 'WORKER_FAILED' });
      expect(failure.message).toContain('crashed on demand');
    }
    expect(after.predictions).toHaveLength(5);
  });

  test('a worker that is ended from outside: WORKER_FAILED after its time, then another worker', async () => {
    const page = await fixture.open();
    const { failures, after } = await page.evaluate(async () => {
      const workers: Worker[] = [];
      const classifier = await mobinet.createClassifier(mobinet.MODEL, {
        workerTimeout: 3000,
        createWorker: () => {
          workers.push(new Worker('/dist/worker/worker.js', { type: 'module' }));
          return workers.at(-1)!;
        },
      });
      const picture = mobinet.plainPicture(10, 200, 90);
      workers[0]!.terminate();
      const pending = [classifier.classify(picture), classifier.classify(picture)];
      const failures = await Promise.all(pending.map(mobinet.failureOf));
      return { failures, after: await classifier.classify(picture) };
    });
    expect(failures.map(({ code }) => code)).toEqual(['WORKER_FAILED', 'WORKER_FAILED']);
    expect(failures[0]!.message).toContain('nothing for 3000 ms');
    expect(after.predictions).toHaveLength(5);
  });

  test('images that never come: PICTURE_FETCH for each, ABORTED at once, the others are answered', async () => {
    // A server that takes the request and says nothing.
    fixture.server.answers.set('/hangs.png', () => undefined);
    const page = await fixture.open();
    const { failures, answered, abortedAfter } = await page.evaluate(async () => {
      const classifier = await mobinet.createClassifier(mobinet.MODEL);
      const unseen = new Image();
      unseen.loading = 'lazy';
      unseen.src = '/samples/rocket.jpg';
      const hanging = new Image();
      hanging.src = '/hangs.png';
      const late = [unseen, hanging].map((image) =>
        mobinet.failureOf(classifier.classify(image, { pictureTimeout: 400 })),
      );
      const controller = new AbortController();
      const aborted = mobinet.failureOf(
        classifier.classify(hanging, { signal: controller.signal }),
      );
      const answering = classifier.classify(mobinet.plainPicture(10, 200, 90));
      const begin = performance.now();
      controller.abort();
      const failures = [await aborted];
      const abortedAfter = performance.now() - begin;
      failures.push(...(await Promise.all(late)));
      return { failures, answered: await answering, abortedAfter };
    });
    fixture.server.answers.clear();
    expect(failures.map(({ code }) => code)).toEqual(['ABORTED', 'PICTURE_FETCH', 'PICTURE_FETCH']);
    expect(abortedAfter).toBeLessThan(300);
    expect(answered.predictions).toHaveLength(5);
  });

  test('profile and describe', async () => {
    const page = await fixture.open();
    const { steps, description } = await page.evaluate(async () => {
      const classifier = await mobinet.createClassifier(mobinet.MODEL, { build: 'plain' });
      return { steps: await classifier.profile(), description: classifier.describe() };
    });
    expect(steps.length).toBeGreaterThan(5);
    expect(description).toMatchObject({ build: 'plain', classes: 200, digest: 'verified' });
  });
});
