import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installTarball, ROOT } from './tarball.ts';

let folder: string;
beforeAll(() => {
  folder = installTarball();
});
afterAll(() => rmSync(folder, { recursive: true }));

const gzipBytes = (content: Uint8Array) => gzipSync(content, { level: 9 }).length;

test('all the code that a page downloads is at most 30 KB with gzip', async () => {
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: ['index.js', 'worker.js'].map(
      (name) => `node_modules/mobinet/dist/worker/${name}`,
    ),
    outdir: 'out',
    bundle: true,
    write: false,
    format: 'esm',
    minify: true,
    target: 'es2022',
  });
  const scripts = outputFiles.reduce((sum, { contents }) => sum + gzipBytes(contents), 0);
  // A page downloads one of the builds of the kernels.
  const dist = join(folder, 'node_modules/mobinet/dist');
  const kernels = readdirSync(dist)
    .filter((name) => name.endsWith('.wasm'))
    .map((name) => gzipBytes(readFileSync(join(dist, name))));
  expect(kernels).toHaveLength(3);
  expect(scripts + Math.max(...kernels)).toBeLessThan(30_000);
});

test('the tarball holds what it should, and no more', () => {
  const files = readdirSync(join(folder, 'node_modules/mobinet'), {
    recursive: true,
    encoding: 'utf8',
  });
  for (const wanted of ['README.md', 'LICENSE', 'dist/index.d.ts', 'dist/worker/worker.js']) {
    expect(files).toContain(wanted);
  }
  const strange = files.filter((file) =>
    /^(test|training|bench|demo|\.)|\.pt$|node_modules/.test(file),
  );
  expect(strange).toEqual([]);
});

test('types and entries resolve, by publint and by are-the-types-wrong', () => {
  const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz'))!);
  const run = (...args: string[]) => execFileSync('npx', args, { cwd: ROOT, encoding: 'utf8' });
  expect(run('publint', '--strict', tarball)).toContain('All good');
  // It fails, and this with it, where it finds a problem.
  run('attw', tarball, '--profile', 'esm-only');
});
