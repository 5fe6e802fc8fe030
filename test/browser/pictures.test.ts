import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { type Classification, loadModel, type NodeModel } from '../../src/node/index.ts';
import { describeInChromium } from './chromium.ts';

const CHELSEA = new URL('../../samples/chelsea.png', import.meta.url);

describeInChromium('pictures', (fixture) => {
  let inNode: NodeModel;
  let wanted: Classification['predictions'];
  beforeAll(async () => {
    const model = readFileSync(
      new URL('../../models/mobinet-mid-k3-w50-64.safetensors', import.meta.url),
    );
    const wasm = readFileSync(new URL('../../dist/mobinet.simd.wasm', import.meta.url));
    inNode = await loadModel(Uint8Array.from(model), { build: 'simd', wasm });
    wanted = (await inNode.classify(CHELSEA)).predictions;
  });

  test('every type gives the predictions of Node', async () => {
    const page = await fixture.open();
    const outcome = await page.evaluate(async () => {
      const classifier = await mobinet.createClassifier(mobinet.MODEL);
      const address = '/samples/chelsea.png';
      const blob = await (await fetch(address)).blob();
      const image = await mobinet.decodedImage(address);
      const { naturalWidth: width, naturalHeight: height } = image;
      const canvas = document.createElement('canvas');
      Object.assign(canvas, { width, height });
      const context = canvas.getContext('2d', { willReadFrequently: true })!;
      context.drawImage(image, 0, 0);
      const offscreen = new OffscreenCanvas(width, height);
      offscreen.getContext('2d')!.drawImage(image, 0, 0);
      const pixels = context.getImageData(0, 0, width, height);
      const frame = new VideoFrame(canvas, { timestamp: 0 });
      const unloaded = new Image();
      unloaded.src = `${address}?again`;
      const sources = {
        Blob: blob,
        File: new File([blob], 'chelsea.png'),
        HTMLImageElement: image,
        'HTMLImageElement, not loaded yet': unloaded,
        HTMLCanvasElement: canvas,
        OffscreenCanvas: offscreen,
        ImageBitmap: await createImageBitmap(blob),
        ImageData: pixels,
        'RGB Picture': {
          width,
          height,
          data: Uint8Array.from(pixels.data.filter((_, index) => index % 4 !== 3)),
        },
        VideoFrame: frame,
      };
      const predictions: Record<string, unknown> = {};
      for (const [name, source] of Object.entries(sources)) {
        predictions[name] = (await classifier.classify(source)).predictions;
      }
      const { name, labels, build } = classifier;
      return { predictions, name, labels: labels.length, build };
    });
    const { predictions, ...model } = outcome;
    const { VideoFrame: ofFrame, ...ofOthers } = predictions;
    for (const [name, result] of Object.entries(ofOthers)) expect(result, name).toEqual(wanted);
    expect(ofFrame).toEqual(wanted);
    expect(model).toMatchObject({ labels: 200, build: expect.stringMatching(/simd|relaxed/) });
  });

  // Transparent pictures are not among them: their colour has gone through a canvas.
  test('opaque files of every kind give the predictions of Node: depth, profile, orientation', async () => {
    const page = await fixture.open();
    const files = [
      'grey-1.png',
      'grey-16.png',
      'palette-4.png',
      'rgb-16.png',
      'rgb-gamma.png',
      'rgb-interlaced.png',
      'grey.jpg',
      'profile.jpg',
      'progressive.jpg',
      'subsampled.jpg',
      'orientation-3.jpg',
      'orientation-6.jpg',
      'lossy.webp',
      'lossless.webp',
    ];
    const folder = '/test/fixtures/pictures';
    const inPage = await page.evaluate(
      async (addresses) => {
        const classifier = await mobinet.createClassifier(mobinet.MODEL);
        const all: unknown[] = [];
        for (const address of addresses) {
          const blob = await (await fetch(address)).blob();
          all.push((await classifier.classify(blob)).predictions);
        }
        return all;
      },
      files.map((file) => `${folder}/${file}`),
    );
    for (const [index, file] of files.entries()) {
      const picture = new URL(`../..${folder}/${file}`, import.meta.url);
      expect(inPage[index], file).toEqual((await inNode.classify(picture)).predictions);
    }
  });

  test('a playing video', async () => {
    const page = await fixture.open();
    const { ofVideo, ofPicture } = await page.evaluate(async () => {
      const classifier = await mobinet.createClassifier(mobinet.MODEL);
      const image = await mobinet.decodedImage('/samples/chelsea.png');
      const canvas = document.createElement('canvas');
      Object.assign(canvas, { width: image.naturalWidth, height: image.naturalHeight });
      const context = canvas.getContext('2d')!;
      const video = document.createElement('video');
      video.muted = true;
      video.srcObject = canvas.captureStream();
      const shown = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
      context.drawImage(image, 0, 0);
      await video.play();
      await shown;
      const [ofVideo, ofPicture] = [
        await classifier.classify(video),
        await classifier.classify(image),
      ];
      return { ofVideo, ofPicture };
    });
    // The stream may store colours as video does, with fewer of them.
    expect(ofVideo.predictions[0]!.label).toBe(ofPicture.predictions[0]!.label);
  });

  test("the caller's pixels stay, unless given away", async () => {
    const page = await fixture.open();
    const sizes = await page.evaluate(async () => {
      const classifier = await mobinet.createClassifier(mobinet.MODEL);
      const pixels = mobinet.plainPicture(200, 30, 30);
      const bitmap = await createImageBitmap(pixels);
      const frame = new VideoFrame(bitmap, { timestamp: 0 });
      const sizes: number[][] = [];
      for (const transfer of [false, true]) {
        for (const picture of [pixels, bitmap, frame]) {
          await classifier.classify(picture, { transfer });
        }
        sizes.push([pixels.data.length, bitmap.width, frame.codedWidth]);
      }
      return sizes;
    });
    expect(sizes).toEqual([
      [80 * 70 * 4, 80, 80],
      [0, 0, 0],
    ]);
  });

  test('maxPixels and maxBytes hold for every type, and files are not decoded first', async () => {
    const page = await fixture.open();
    const { png, codes } = await page.evaluate(async () => {
      const classifier = await mobinet.createClassifier(mobinet.MODEL);
      const code = (picture: ImageData | ImageBitmap | Blob | OffscreenCanvas, options: object) =>
        mobinet.failureOf(classifier.classify(picture, options)).then(({ code }) => code);
      const pixels = mobinet.plainPicture(200, 30, 30);
      const canvas = new OffscreenCanvas(80, 70);
      canvas.getContext('2d')!.putImageData(pixels, 0, 0);
      const bitmap = await createImageBitmap(pixels);
      const file = (type: string) => canvas.convertToBlob({ type });
      const files = await Promise.all(['image/png', 'image/jpeg', 'image/webp'].map(file));
      // Of 16384 x 16385 pixels, which are not there.
      const head = [0x89504e47, 0x0d0a1a0a, 13, 0x49484452, 16384, 16385];
      const png = new DataView(new ArrayBuffer(33));
      for (const [i, word] of head.entries()) png.setUint32(4 * i, word);
      const codes = [];
      for (const picture of [pixels, bitmap, canvas, ...files]) {
        codes.push(await code(picture, { maxPixels: 80 * 70 - 1 }));
        await classifier.classify(picture, { maxPixels: 80 * 70 });
      }
      for (const picture of files) codes.push(await code(picture, { maxBytes: picture.size - 1 }));
      return { png: await code(new Blob([png]), {}), codes };
    });
    expect(png).toBe('PICTURE_SIZE');
    expect(codes).toEqual([...Array(6).fill('PICTURE_SIZE'), ...Array(3).fill('FILE_TOO_LARGE')]);
  });

  test('a picture is taken at the moment of the call', async () => {
    const page = await fixture.open();
    const { wanted, taken } = await page.evaluate(async () => {
      const classifier = await mobinet.createClassifier(mobinet.MODEL);
      const red = mobinet.plainPicture(220, 20, 20);
      const wanted = (await classifier.classify(red)).predictions;
      const canvas = document.createElement('canvas');
      Object.assign(canvas, { width: red.width, height: red.height });
      const context = canvas.getContext('2d')!;
      context.putImageData(red, 0, 0);
      const bitmap = await createImageBitmap(red);
      const requests = [red, canvas, bitmap].map((picture) => classifier.classify(picture));
      red.data.fill(255);
      context.fillRect(0, 0, red.width, red.height);
      bitmap.close();
      const taken = await Promise.all(requests);
      return { wanted, taken: taken.map(({ predictions }) => predictions) };
    });
    for (const predictions of taken) expect(predictions).toEqual(wanted);
  });

  test('what was drawn before does not show through a transparent picture', async () => {
    const page = await fixture.open();
    const { first, second } = await page.evaluate(async () => {
      const classifier = await mobinet.createClassifier(mobinet.MODEL);
      const transparent = () => createImageBitmap(new ImageData(80, 70));
      const first = await classifier.classify(await transparent());
      await classifier.classify(await createImageBitmap(mobinet.plainPicture(250, 250, 0)));
      return { first, second: await classifier.classify(await transparent()) };
    });
    expect(second.predictions).toEqual(first.predictions);
  });

  test.each<[string, string, string, string]>([
    ['a file that is no picture', 'file', 'PICTURE_DECODE', 'Cannot decode the picture of 5 bytes'],
    ['an image that is not there', 'image', 'PICTURE_DECODE', 'no-such-file.png'],
    ['a video without a frame', 'video', 'PICTURE_DECODE', 'HTMLVideoElement'],
    ['a closed bitmap', 'closed', 'PICTURE_DECODE', 'ImageBitmap'],
    ['a canvas without area', 'canvas', 'PICTURE_SIZE', '0 x 150'],
    ['what is no picture', 'object', 'PICTURE_DECODE', 'from Object'],
    ['undefined', 'undefined', 'PICTURE_DECODE', 'from Undefined'],
  ])('%s: %s is refused, and the next picture classified', async (_, which, code, message) => {
    const page = await fixture.open();
    const { failure, after } = await page.evaluate(async (which) => {
      const classifier = await mobinet.createClassifier(mobinet.MODEL);
      const image = new Image();
      image.src = '/samples/no-such-file.png';
      const closed = await createImageBitmap(mobinet.plainPicture(1, 2, 3));
      closed.close();
      const canvas = document.createElement('canvas');
      canvas.width = 0;
      const sources: Record<string, unknown> = {
        file: new Blob(['hello']),
        image,
        video: document.createElement('video'),
        closed,
        canvas,
        object: {},
      };
      const failure = await mobinet.failureOf(classifier.classify(sources[which] as Blob));
      const after = await classifier.classify(mobinet.plainPicture(1, 2, 3), { topK: 3 });
      return { failure, after };
    }, which);
    expect(failure).toMatchObject({ name: 'InputError', code, ofItsClass: true });
    expect(failure.message).toContain(message);
    expect(after.predictions).toHaveLength(3);
  });
});
