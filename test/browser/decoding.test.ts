import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { launch } from 'puppeteer-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compose } from '../../src/image/compose.ts';
import { decodePicture } from '../../src/node/decode.ts';
import { startServer, type TestServer } from './server.ts';

interface Page {
  evaluate<A, R>(run: (argument: A) => R | Promise<R>, argument: A): Promise<R>;
  goto(address: string): Promise<unknown>;
  waitForFunction(condition: () => boolean): Promise<unknown>;
}

interface Engine {
  readonly name: string;
  readonly path: string;
  open(path: string): Promise<{ page: Page; close(): Promise<void> }>;
}

const ENGINES: readonly Engine[] = [
  {
    name: 'Chromium',
    path: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    async open(executablePath) {
      const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
      return { page: (await browser.newPage()) as Page, close: () => browser.close() };
    },
  },
  {
    name: 'Firefox',
    path: process.env.FIREFOX_PATH ?? '/usr/bin/firefox-esr',
    async open(executablePath) {
      const browser = await launch({ browser: 'firefox', executablePath, headless: true });
      return { page: (await browser.newPage()) as unknown as Page, close: () => browser.close() };
    },
  },
];

/** Those of the repository, and those of the folder PICTURES (bench/pixels/make.py makes one). */
const folders = [new URL('../fixtures/pictures/', import.meta.url)];
if (process.env.PICTURES) folders.push(pathToFileURL(`${process.env.PICTURES}/`));
const files = new Map<string, Uint8Array<ArrayBuffer>>(
  folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.(png|jpg|webp)$/.test(name))
      .map((name) => [name, new Uint8Array(readFileSync(new URL(name, folder)))] as const),
  ),
);

/** Levels that an engine may be from Node (docs/pictures.md). */
function allowedLevels(engine: string, file: string): number {
  // Firefox multiplies by alpha at 8 bits instead of 16.
  return engine === 'Firefox' && /^(grey-alpha|rgba)-16/.test(file) ? 2 : 1;
}

/** All eight orientations in the two formats whose EXIF is younger than JPEG's, and GIF. */
beforeAll(async () => {
  const photo = sharp(files.get('rgb.png')!);
  for (let orientation = 2; orientation <= 8; orientation++) {
    const turned = photo.clone().withExif({ IFD0: { Orientation: String(orientation) } });
    const marked = turned.withMetadata({ orientation });
    files.set(`orientation-${orientation}.png`, new Uint8Array(await marked.png().toBuffer()));
    const webp = marked.webp({ lossless: true });
    files.set(`orientation-${orientation}.webp`, new Uint8Array(await webp.toBuffer()));
  }
  files.set('photo.gif', new Uint8Array(await photo.clone().gif().toBuffer()));
});

describe.each(ENGINES)('decoding in $name', ({ name, path, open }) => {
  let server: TestServer;
  let engine: Awaited<ReturnType<Engine['open']>>;
  beforeAll(async () => {
    if (!existsSync(path)) return;
    server = await startServer();
    engine = await open(path);
    await engine.page.goto(`${server.origin}/test/browser/page.html`);
    await engine.page.waitForFunction(() => globalThis.mobinet !== undefined);
  }, 120_000);
  afterAll(async () => {
    await engine?.close();
    await server?.close();
  });

  test.skipIf(!existsSync(path))(
    `every picture is that of Node to within a level, over white and over red (${name} at ${path})`,
    async () => {
      const posted = [...files].map(([file, bytes]) => ({
        file,
        base64: Buffer.from(bytes).toString('base64'),
      }));
      const decoded = await engine.page.evaluate(async (posted) => {
        const readPixels = mobinet.createPixelReader();
        const results: Record<string, { width: number; height: number; levels: number[][] }> = {};
        for (const { file, base64 } of posted) {
          const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
          const postable = await mobinet.toPostable(new Blob([bytes]), {});
          const picture = await readPixels(postable.picture);
          const colours = [
            [255, 255, 255],
            [255, 0, 0],
          ] as const;
          const levels = colours.map((background) => {
            const { data } = mobinet.compose(picture, background);
            const channels = data.length / (picture.width * picture.height);
            return [...data].filter((_, i) => channels === 3 || i % 4 !== 3);
          });
          results[file] = { width: picture.width, height: picture.height, levels };
        }
        return results;
      }, posted);
      const further: string[] = [];
      for (const [file, bytes] of files) {
        const picture = await decodePicture(bytes);
        const { width, height, levels } = decoded[file]!;
        expect([width, height], file).toEqual([picture.width, picture.height]);
        for (const [index, background] of (
          [
            [255, 255, 255],
            [255, 0, 0],
          ] as const
        ).entries()) {
          const { data } = compose(picture, background);
          const channels = data.length / (width * height);
          const inNode = [...data].filter((_, i) => channels === 3 || i % 4 !== 3);
          const apart = inNode.map((level, i) => Math.abs(level - levels[index]![i]!));
          const most = Math.max(...apart);
          if (!(most <= allowedLevels(name, file)))
            further.push(`${file} over ${background}: ${most}`);
        }
      }
      expect(further).toEqual([]);
      expect(files.size).toBeGreaterThan(45);
    },
    300_000,
  );
});
