import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { ROOT } from '../package/tarball.ts';
import { row } from './row.ts';

/** What an engine is started with, by its name. */
const ENGINES: Record<string, readonly string[]> = {
  'Node 20': ['node20/bin/node'],
  'Node 22': ['node22/bin/node'],
  'Node 24': ['node24/bin/node'],
  Bun: ['.bin/bun'],
  Deno: ['.bin/deno', 'run', '--allow-all'],
};

const SCRIPT = `
import process from 'node:process';
import { loadModel } from 'mobinet/node';
const model = await loadModel(undefined, { threads: 2 });
const { predictions } = await model.classify(${JSON.stringify(join(ROOT, 'samples/chelsea.png'))}, { topK: 1 });
const { threads, threadsReason } = model.describe();
console.log(model.build + ' on ' + (threadsReason ?? threads) + ': ' + predictions[0].label);
process.exit();
`;

test.each(Object.entries(ENGINES))('%s', (name, [file, ...args]) => {
  const folder = inject('platforms');
  const engine = join(folder, 'node_modules', file!);
  const [, version] = execFileSync(engine, ['--version'], { encoding: 'utf8' }).match(/([\d.]+)/)!;
  const about = {
    kind: 'Servers and scripts',
    setUp: `${name.split(' ')[0]} ${version}`,
    ran: '`mobinet/node`: a PNG file, two threads',
    configuration: 'none',
  } as const;
  row(about);
  writeFileSync(join(folder, 'engine.mjs'), SCRIPT);
  const printed = execFileSync(engine, [...args, 'engine.mjs'], { cwd: folder, encoding: 'utf8' });
  expect(printed).toMatch(/^(simd|relaxed) on 2: golden retriever\n$/);
  row({ ...about, result: `works, ${printed.split(':')[0]} threads` });
});
