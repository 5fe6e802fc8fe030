import { existsSync } from 'node:fs';
import { launch } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';
import { startServer } from './server.ts';

const FIREFOX = process.env.FIREFOX_PATH ?? '/usr/bin/firefox-esr';
const skipped = existsSync(FIREFOX) ? '' : ` (skipped: ${FIREFOX} is not there)`;

describe.skipIf(skipped !== '')(`Firefox${skipped}`, () => {
  test('the worker classifies a picture', async () => {
    const server = await startServer(undefined, true);
    const browser = await launch({ browser: 'firefox', executablePath: FIREFOX, headless: true });
    try {
      const page = await browser.newPage();
      await page.goto(`${server.origin}/test/browser/page.html`);
      await page.waitForFunction('globalThis.mobinet !== undefined');
      const label = await page.evaluate(async () => {
        const classifier = await mobinet.createClassifier(mobinet.MODEL);
        const picture = await (await fetch('/samples/chelsea.png')).blob();
        const { predictions } = await classifier.classify(picture, { topK: 1 });
        return predictions[0]!.label;
      });
      expect(label).toMatch(/\w/);
    } finally {
      await browser.close();
      await server.close();
    }
  });
});
