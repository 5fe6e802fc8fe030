import { expect, test } from 'vitest';
import { snippetsOf } from '../helpers/snippets.ts';
import { describeInChromium } from './chromium.ts';

describeInChromium(
  'a camera and many pictures',
  (fixture) => {
    test('frames of the camera, each later than the one before, until the loop is left', async () => {
      const page = await fixture.open();
      const { times, counts, after } = await page.evaluate(async () => {
        const classifier = await mobinet.createClassifier(mobinet.MODEL);
        const video = document.createElement('video');
        video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
        await video.play();
        const times: number[] = [];
        const counts: number[] = [];
        for await (const { predictions, time } of classifier.stream(video, { topK: 3 })) {
          times.push(time);
          counts.push(predictions.length);
          if (times.length === 10) break;
        }
        return { times, counts, after: (await classifier.classify(video)).predictions.length };
      });
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(new Set(times).size).toBe(10);
      expect(counts).toEqual(Array(10).fill(3));
      expect(after).toBe(5);
    });

    test('the lines of docs/video.md run', async () => {
      const page = await fixture.open();
      const code = snippetsOf('docs/video.md').map((snippet) => snippet.code);
      const seen = await page.evaluate<string[]>(`(async () => {
        const { createClassifier, plainPicture } = mobinet;
        const video = document.createElement('video');
        video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
        await video.play();
        const seen = [];
        const show = ([best]) => {
          seen.push(best.label);
          if (seen.length === 3) video.srcObject = null;
        };
        const pictures = [plainPicture(255, 0, 0), new Blob(['no picture'])];
        const console = { log: (text) => seen.push(text) };
        ${code.join('').replace(/^import .*$/m, '')}
        return seen;
      })()`);
      expect(seen).toHaveLength(5);
      expect(seen.at(-1)).toBe('PICTURE_DECODE');
    });

    test('without requestVideoFrameCallback the repaints are asked', async () => {
      const page = await fixture.open();
      const times = await page.evaluate(async () => {
        delete (HTMLVideoElement.prototype as Partial<HTMLVideoElement>).requestVideoFrameCallback;
        const classifier = await mobinet.createClassifier(mobinet.MODEL);
        const video = document.createElement('video');
        video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
        await video.play();
        const times: number[] = [];
        for await (const { time } of classifier.stream(video)) {
          times.push(time);
          if (times.length === 3) break;
        }
        return times;
      });
      expect(new Set(times).size).toBe(3);
    });

    test('a stopped camera ends the loop; a signal ends it with ABORTED', async () => {
      const page = await fixture.open();
      const { frames, failure } = await page.evaluate(async () => {
        const classifier = await mobinet.createClassifier(mobinet.MODEL);
        const video = document.createElement('video');
        const camera = await navigator.mediaDevices.getUserMedia({ video: true });
        video.srcObject = camera;
        await video.play();
        const controller = new AbortController();
        const { signal } = controller;
        const aborted = (async () => {
          for await (const _ of classifier.stream(video, { signal })) controller.abort();
        })();
        const failure = await mobinet.failureOf(aborted);
        let frames = 0;
        for await (const _ of classifier.stream(video)) {
          if (++frames === 2) video.srcObject = null;
        }
        return { frames, failure };
      });
      expect(frames).toBe(2);
      expect(failure).toMatchObject({ code: 'ABORTED', ofItsClass: true });
    });

    test('a hundred pictures in order, with a bad one among them', async () => {
      const page = await fixture.open();
      const { order, failed, same } = await page.evaluate(async () => {
        const classifier = await mobinet.createClassifier(mobinet.MODEL);
        const good = mobinet.plainPicture(10, 200, 90);
        const wanted = JSON.stringify((await classifier.classify(good, { topK: 2 })).predictions);
        function* pictures() {
          for (let i = 0; i < 100; i++) yield i === 40 ? new Blob(['no picture']) : good;
        }
        const order: number[] = [];
        const failed: [number, string][] = [];
        let same = 0;
        for await (const result of classifier.classifyAll(pictures(), {
          topK: 2,
          concurrency: 4,
        })) {
          order.push(result.index);
          if (result.error) failed.push([result.index, result.error.code]);
          else if (JSON.stringify(result.classification.predictions) === wanted) same++;
        }
        return { order, failed, same };
      });
      expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i));
      expect(failed).toEqual([[40, 'PICTURE_DECODE']]);
      expect(same).toBe(99);
    });
  },
  { camera: true },
);
