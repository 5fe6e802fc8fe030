import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUILDS, type Extent, wasmFile } from '../../src/kernels/builds.ts';
import { installTarball, ROOT } from './tarball.ts';

let folder: string;
beforeAll(() => {
  folder = installTarball();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const gzipBytes = (content: Uint8Array) => gzipSync(content, { level: 9 }).length;

describe('the code that a page downloads, with gzip', () => {
  const dist = () => join(folder, 'node_modules/mobinet/dist');
  const ONE_THREAD = ['worker/index.js', 'worker/worker.js'];
  /** Imported when they are first asked for. */
  const LATER = ['revalidate', 'sequences', 'stored-file'];
  const SEVERAL = ['worker/index.js', 'worker/threads-worker.js', 'web/thread-script.js'];

  /**
   * Bytes of the scripts and all that they import, bundled with what they share in files of its own.
   * @param later scripts that they import only when they need them; these are not counted
   */
  async function bytesOf(scripts: string[], later = LATER): Promise<number> {
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
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
    const left = imports.filter(({ kind }) => kind !== 'import-statement');
    const names = left.map(({ path }) => basename(path).replace(/-\w+\.js$/, ''));
    expect(names.sort()).toEqual(later);
    const isLater = (path: string) =>
      left.some((script) => basename(script.path) === basename(path));
    const counted = outputFiles.filter(({ path }) => !isLater(path));
    return counted.reduce((sum, { contents }) => sum + gzipBytes(contents), 0);
  }

  const bytesOfFile = (name: string) => gzipBytes(readFileSync(join(dist(), name)));

  /** Of the larger of the builds with SIMD: a page downloads one. */
  function kernels(shared: boolean, extent: Extent): number {
    const builds = BUILDS.filter((build) => build !== 'plain');
    return Math.max(...builds.map((build) => bytesOfFile(wasmFile(build, shared, extent))));
  }

  test('on one thread: at most 36.0 KB', async () => {
    const scripts = await bytesOf(ONE_THREAD);
    expect(scripts).toBeGreaterThan(20_000);
    expect(scripts + kernels(false, 'common')).toBeLessThan(36_000);
  });

  test('for a batch or a video, when it is first asked for: at most 2.2 KB more', async () => {
    expect(await bytesOf(['worker/sequences.js'], [])).toBeLessThan(2_200);
  });

  test('on several: at most 38.4 KB', async () => {
    const scripts = await bytesOf(SEVERAL);
    expect(scripts + kernels(true, 'common')).toBeLessThan(38_400);
  });

  test('mobinet.min.js and its kernels: at most 36.9 KB', () => {
    const script = bytesOfFile('mobinet.min.js');
    expect(script).toBeGreaterThan(20_000);
    expect(script + kernels(true, 'common')).toBeLessThan(36_900);
  });

  test('loadModel on one thread: at most 29.9 KB', async () => {
    const scripts = await bytesOf(['index.js'], ['thread-pool', 'uncommon']);
    expect(scripts).toBeGreaterThan(20_000);
    expect(scripts + kernels(false, 'common')).toBeLessThan(29_900);
  });

  test('every kernel, where activations are float32, or a graph needs one that is not common: 11 KB more', () => {
    const every = kernels(true, 'all');
    expect(every).toBeGreaterThan(5000);
    expect(every).toBeLessThan(11_000);
  });

  test('every family, where a graph needs one that is not common: 9.7 KB more', () => {
    expect(bytesOfFile('kernels/uncommon.js')).toBeLessThan(9_700);
  });

  test('on one thread without SIMD, which takes every family: at most 46.9 KB', async () => {
    const own =
      bytesOfFile(wasmFile('plain', false, 'common')) + bytesOfFile('kernels/uncommon.js');
    expect((await bytesOf(ONE_THREAD)) + own).toBeLessThan(46_900);
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
