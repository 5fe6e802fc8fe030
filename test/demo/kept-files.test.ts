import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { wasmFiles } from '../../src/kernels/builds.ts';
import { ROOT } from '../package/tarball.ts';

const script = readFileSync(join(ROOT, 'demo/sw.js'), 'utf8');

test('every file of the kernels is kept for offline use: the bench takes all builds', () => {
  for (const file of wasmFiles()) expect(script).toContain(`'dist/${file}'`);
});

test('every style sheet and script beside the page is kept', () => {
  const page = readFileSync(join(ROOT, 'demo/index.html'), 'utf8');
  const own = [...page.matchAll(/(?:href|src)="([\w./-]+\.(?:css|js))"/g)].map(([, file]) => file!);
  expect(own.length).toBeGreaterThan(2);
  for (const file of own) {
    expect(script).toContain(`'${file}'`);
    expect(existsSync(join(ROOT, 'demo', file))).toBe(true);
  }
});
