import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUILDS } from '../../src/kernels/builds.ts';
import { installTarball, ROOT } from './tarball.ts';

let folder: string;
beforeAll(() => {
  folder = installTarball();
});
afterAll(() => rmSync(folder, { recursive: true }));

const gzipBytes = (content: Uint8Array) => gzipSync(content, { level: 9 }).length;

describe('the code that a page downloads, with gzip', () => {
  const dist = () => join(folder, 'node_modules/mobinet/dist');
  const ONE_THREAD = ['worker/index.js', 'worker/worker.js'];
  const SEVERAL = ['worker/index.js', 'worker/threads-worker.js', 'web/thread-script.js'];

  /** Bytes of the scripts and all that they import, bundled with what they share in files of its own. */
  async function bytesOf(scripts: string[]): Promise<number> {
    const { outputFiles, metafile } = await build({
      absWorkingDir: dist(),
      entryPoints: scripts,
      outdir: 'out',
      bundle: true,
      splitting: true,
      write: false,
      format: 'esm',
      minify: true,
      target: 'es2022',
      metafile: true,
    });
    // Nothing is left for later, or it would be counted as well.
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
    expect(imports.filter(({ kind }) => kind !== 'import-statement')).toEqual([]);
    return outputFiles.reduce((sum, { contents }) => sum + gzipBytes(contents), 0);
  }

  /** Of the largest build of the kernels: a page downloads one. */
  function kernels(kind: RegExp): number {
    const names = readdirSync(dist()).filter((name) => kind.test(name));
    expect(names).toHaveLength(BUILDS.length);
    return Math.max(...names.map((name) => gzipBytes(readFileSync(join(dist(), name)))));
  }

  test('on one thread: at most 39.2 KB', async () => {
    const scripts = await bytesOf(ONE_THREAD);
    expect(scripts).toBeGreaterThan(20_000);
    expect(scripts + kernels(/^mobinet\.[a-z]+\.wasm$/)).toBeLessThan(39_200);
  });

  test('on several: at most 41.6 KB', async () => {
    const scripts = await bytesOf(SEVERAL);
    expect(scripts + kernels(/-threads\.wasm$/)).toBeLessThan(41_600);
  });

  test('mobinet.min.js and its kernels: at most 39.6 KB', () => {
    const script = gzipBytes(readFileSync(join(dist(), 'mobinet.min.js')));
    expect(script).toBeGreaterThan(20_000);
    expect(script + kernels(/-threads\.wasm$/)).toBeLessThan(39_600);
  });
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
