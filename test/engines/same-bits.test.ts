/**
 * The same logits, bit for bit, in every engine, build and number of threads, and from one version to the next: those whose
 * hashes are in same-bits.json. `npm run same-bits` takes all engines and 1 to 4 threads; with `-- -u` it writes the
 * hashes of new cases.
 */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseModelFile } from '../../src/file/model-file.ts';
import { activationsOf } from '../../src/graph/activations.ts';
import { row } from '../platforms/row.ts';
import { allCases, MODELS, NETWORKS } from './cases.js';
import { ENGINES } from './engines.ts';

const root = new URL('../../', import.meta.url);
const all = process.env.ENGINES === 'all';
const threads = all ? [1, 2, 3, 4] : [1, 3];

/** What has to be set in those that docs/platforms.md tells of by these tests; it has other tests of the others. */
const CONFIGURATION: Readonly<Record<string, string>> = {
  Chromium: 'headers that isolate the page, for threads',
  Firefox: 'headers that isolate the page, for threads',
  JavaScriptCore: 'the kernels handed in',
};

function named(folder: string, ending: string): string[] {
  const files = readdirSync(new URL(folder, root)).filter((file) => file.endsWith(ending));
  return files.map((file) => file.slice(0, -ending.length));
}

test('every model of the package is among the cases, with every type of activations that it has', () => {
  expect(Object.keys(MODELS).sort()).toEqual(named('models/', '.safetensors').sort());
  for (const [name, types] of Object.entries(MODELS)) {
    const bytes = readFileSync(new URL(`models/${name}.safetensors`, root));
    const own = activationsOf(parseModelFile(Uint8Array.from(bytes)).graph);
    expect(types, name).toEqual([...new Set([own, 'float32'])]);
  }
});

test('so is every network that can be built', () => {
  const builders = named('src/networks/', '.ts').filter((name) => {
    const text = readFileSync(new URL(`src/networks/${name}.ts`, root), 'utf8');
    return /: GraphDefinition \{/.test(text);
  });
  expect(Object.keys(NETWORKS).sort()).toEqual(builders.sort());
});

describe.each(ENGINES)('$name', ({ name, always, needs, run }) => {
  const missing = needs.find((path) => !existsSync(path));
  const why = missing !== undefined ? `${missing} is not there` : 'npm run same-bits runs it';
  const skipped = missing !== undefined || !(always || all);
  test.skipIf(skipped)(
    `the hashes of same-bits.json${skipped ? ` (skipped: ${why})` : ''}`,
    async () => {
      const { engine, report } = await run(threads);
      const configuration = CONFIGURATION[name];
      if (configuration !== undefined) {
        const ran = `${allCases().length} models and networks in every build that it takes`;
        const result = 'the bits of Node';
        row({ kind: 'Pages', setUp: engine, ran, configuration, result });
      }
      expect(Object.keys(report)).toEqual(allCases().map((entry) => entry.name));
      const hashes: Record<string, string> = {};
      const runs = new Set<string>();
      for (const [entry, answers] of Object.entries(report)) {
        expect(Object.values(answers), `${entry}: runs of the same bits`).toHaveLength(1);
        const [hex, names] = Object.entries(answers)[0]!;
        hashes[entry] = createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');
        for (const run of names) runs.add(run);
      }
      expect(runs).toContain('plain on 1');
      console.log(`${engine}: ${allCases().length} cases, ${[...runs].join(', ')}`);
      const text = `${JSON.stringify(hashes, undefined, 2)}\n`;
      await expect(text, name).toMatchFileSnapshot('same-bits.json');
    },
    900_000,
  );
});
