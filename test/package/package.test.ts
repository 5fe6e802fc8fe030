import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
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
  const entries = ['worker/index.js', 'worker/worker.js', 'web/thread-script.js'];
  let metafile: Metafile;
  let sizes: Map<string, number>;
  beforeAll(async () => {
    const result = await build({
      absWorkingDir: dist(),
      entryPoints: entries,
      outdir: 'out',
      bundle: true,
      splitting: true,
      write: false,
      format: 'esm',
      minify: true,
      target: 'es2022',
      metafile: true,
    });
    metafile = result.metafile;
    sizes = new Map(
      result.outputFiles.map(({ path, contents }) => [relative(dist(), path), gzipBytes(contents)]),
    );
  });

  /** Bytes of all that the scripts import, and what that imports. */
  function bytesOf(scripts: readonly string[], kinds: readonly string[]): number {
    const files = new Set(scripts.map((script) => `out/${script}`));
    for (const file of files) {
      for (const { path, kind } of metafile.outputs[file]!.imports) {
        if (kinds.includes(kind)) files.add(path);
      }
    }
    return [...files].reduce((sum, file) => sum + sizes.get(file)!, 0);
  }

  /** Of the largest build of the kernels: a page downloads one. */
  function kernels(kind: RegExp): number {
    const names = readdirSync(dist()).filter((name) => kind.test(name));
    expect(names).toHaveLength(BUILDS.length);
    return Math.max(...names.map((name) => gzipBytes(readFileSync(join(dist(), name)))));
  }

  test('on one thread: at most 37 KB', () => {
    const scripts = bytesOf(entries.slice(0, 2), ['import-statement']);
    expect(scripts).toBeGreaterThan(20_000);
    expect(scripts + kernels(/^mobinet\.[a-z]+\.wasm$/)).toBeLessThan(37_000);
  });

  test('on several: at most 40 KB', () => {
    const scripts = bytesOf(entries, ['import-statement', 'dynamic-import']);
    expect(scripts + kernels(/-threads\.wasm$/)).toBeLessThan(40_000);
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
