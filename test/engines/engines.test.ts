import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import { launch } from 'puppeteer-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseModelFile } from '../../src/file/model-file.ts';
import { BUILDS } from '../../src/kernels/builds.ts';
import { startServer } from '../browser/server.ts';
import { runGraph } from '../helpers/run.ts';
import { row } from '../platforms/row.ts';
import { bitsOf, fixedInput } from './fixed-input.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const model = join(root, 'models/mobinet-mid-k3-w50-64.safetensors');
const INPUT = 3 * 64 * 64;

let wanted: Uint32Array;
beforeAll(async () => {
  const { graph } = parseModelFile(Uint8Array.from(readFileSync(model)));
  wanted = bitsOf(await runGraph(graph, 'plain', fixedInput(INPUT)));
});

function skipped(path: string): string {
  return existsSync(path) ? '' : ` (skipped: ${path} is not there)`;
}

const FIREFOX = process.env.FIREFOX_PATH ?? '/usr/bin/firefox-esr';

describe.skipIf(!existsSync(FIREFOX))(`Firefox${skipped(FIREFOX)}`, () => {
  test('the logits of every build that it takes, on one thread and two, are those of Node, bit for bit; the worker classifies', async () => {
    const server = await startServer(undefined, true);
    const browser = await launch({ browser: 'firefox', executablePath: FIREFOX, headless: true });
    try {
      row({
        kind: 'Pages',
        setUp: (await browser.version()).replace('firefox/', 'Firefox '),
        ran: 'the logits of every build, one thread and two; the worker, from a PNG file',
        configuration: 'headers that isolate the page, for threads',
        result: 'those of Node, bit for bit',
      });
      const page = await browser.newPage();
      await page.goto(`${server.origin}/test/browser/page.html`);
      await page.waitForFunction('globalThis.mobinet !== undefined');
      const { logits, label } = await page.evaluate(
        async (values, builds) => {
          const logits: Record<string, number[]> = {};
          const cases = builds.flatMap((build) => [1, 2].map((threads) => ({ build, threads })));
          for (const options of cases) {
            const loaded = await mobinet.loadModel(mobinet.MODEL, options).catch((error) => {
              if (error.code === 'WASM_UNAVAILABLE') return undefined;
              throw error;
            });
            if (loaded === undefined) continue;
            const name = `${options.build} on ${loaded.describe().threads}`;
            logits[name] = [...(await loaded.run(Float32Array.from(values)))];
          }
          const classifier = await mobinet.createClassifier(mobinet.MODEL);
          const picture = await (await fetch('/samples/chelsea.png')).blob();
          const { predictions } = await classifier.classify(picture, { topK: 1 });
          return { logits, label: predictions[0]!.label };
        },
        [...fixedInput(INPUT)],
        [...BUILDS],
      );
      const names = ['plain on 1', 'plain on 2', 'simd on 1', 'simd on 2'];
      expect(Object.keys(logits)).toEqual(expect.arrayContaining(names));
      for (const [build, numbers] of Object.entries(logits)) {
        expect(bitsOf(numbers), build).toEqual(wanted);
      }
      expect(label).toMatch(/\w/);
    } finally {
      await browser.close();
      await server.close();
    }
  });
});

const JAVASCRIPTCORE = process.env.JSC_PATH ?? '/usr/bin/jsc';

describe.skipIf(!existsSync(JAVASCRIPTCORE))(`JavaScriptCore${skipped(JAVASCRIPTCORE)}`, () => {
  test('the logits of every build that it takes are those of Node, bit for bit', async () => {
    row({
      kind: 'Pages',
      setUp: 'JavaScriptCore (WebKitGTK), without a page',
      ran: 'the logits of every build, one thread',
      configuration: 'the kernels handed in',
      result: 'those of Node, bit for bit',
    });
    const folder = mkdtempSync(join(tmpdir(), 'mobinet-jsc-'));
    const script = join(folder, 'script.js');
    const arguments_ = JSON.stringify([model, join(root, 'dist')]);
    await bundle({
      entryPoints: [fileURLToPath(new URL('javascriptcore-entry.ts', import.meta.url))],
      outfile: script,
      bundle: true,
      format: 'iife',
      target: 'es2022',
      banner: { js: `const arguments_ = ${arguments_};` },
    });
    const printed = execFileSync(JAVASCRIPTCORE, [script], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    const logits: Record<string, number[]> = JSON.parse(printed);
    expect(Object.keys(logits)).toContain('plain');
    for (const [build, numbers] of Object.entries(logits)) {
      expect(bitsOf(numbers), build).toEqual(wanted);
    }
  });
});
