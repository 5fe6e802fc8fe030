import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { startServer, type TestServer } from './server.ts';

interface Failure {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly ofItsClass: boolean;
}

/** What page.js gives to the page. */
type Mobinet = typeof import('../../src/index.ts') &
  typeof import('../../src/worker/index.ts') & {
    readonly compose: typeof import('../../src/image/compose.ts').compose;
    readonly createPixelReader: typeof import('../../src/worker/pixel-reader.ts').createPixelReader;
    readonly toPostable: typeof import('../../src/worker/post-picture.ts').toPostable;
    readonly MODEL: string;
    failureOf(promise: Promise<unknown>): Promise<Failure>;
    plainPicture(
      red: number,
      green: number,
      blue: number,
      width?: number,
      height?: number,
    ): ImageData;
    decodedImage(address: string): Promise<HTMLImageElement>;
  };

declare global {
  var mobinet: Mobinet;
}

export interface Fixture {
  /** A page with nothing kept from another one; closed with the browser. */
  open(): Promise<Page>;
  readonly server: TestServer;
}

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

const FAKE_CAMERA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

const missing = existsSync(EXECUTABLE)
  ? ''
  : ` (skipped: no Chromium at ${EXECUTABLE}; set CHROMIUM_PATH)`;

/**
 * Tests in Chromium; where it is missing they are skipped and their name says why.
 * @param isolated whether pages are cross-origin isolated
 * @param camera whether there is one, that sends Chromium's test picture
 */
export function describeInChromium(
  name: string,
  define: (fixture: Fixture) => void,
  { isolated = false, camera = false } = {},
): void {
  describe.skipIf(missing !== '')(`${name}${missing}`, () => {
    let browser: Browser;
    let server: TestServer;
    beforeAll(async () => {
      if (!existsSync(new URL('../../dist/worker/worker.js', import.meta.url))) {
        throw new Error('dist/ is missing or old: npm run build');
      }
      server = await startServer(undefined, isolated);
      browser = await chromium.launch({
        executablePath: EXECUTABLE,
        args: ['--no-sandbox', ...(camera ? FAKE_CAMERA : [])],
      });
    });
    afterAll(async () => {
      await browser?.close();
      await server?.close();
    });
    define({
      get server() {
        return server;
      },
      async open() {
        const context = await browser.newContext();
        const page = await context.newPage();
        page.setDefaultTimeout(60_000);
        await page.goto(`${server.origin}/test/browser/page.html`);
        await page.waitForFunction(() => globalThis.mobinet !== undefined);
        return page;
      },
    });
  });
}
