import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ABI_FILE, abiDigest, abiSource } from '../../build/abi.js';
import {
  exportedNames,
  exportedParameters,
  instancesSource,
  parseAssembly,
  readSources,
} from '../../build/assembly.js';
import { ABI_DIGEST } from '../../src/kernels/abi.ts';
import { BUILD_TABLE, BUILDS } from '../../src/kernels/builds.ts';
import { instantiateKernels } from '../../src/runtime/engine.ts';
import { BUILDS as RUNNABLE, wasmModule } from '../helpers/run.ts';

const sources = readSources();

/** The sources with one text in one file replaced. */
function sourcesWith(file: string, before: string, after: string): Map<string, string> {
  const text = sources.get(file)!;
  expect(text.split(before).length, `${file} has exactly one: ${before}`).toBe(2);
  return new Map([...sources, [file, text.replace(before, after)]]);
}

/** Parameters of globalAveragePool. */
const POOL = `  out: usize,
  channels: i32,
  height: i32,
  width: i32,
  reciprocal: f32,`;

describe('src/kernels/abi.gen.ts', () => {
  test('is what assembly/ says now', () => {
    const text = readFileSync(ABI_FILE, 'utf8');
    expect(text, 'run npm run build:wasm').toBe(abiSource(parseAssembly(sources)));
  });

  test('names the parameters of every kernel that a binary exports, in the order of a binary', () => {
    const text = readFileSync(ABI_FILE, 'utf8');
    for (const kernel of [...parseAssembly(sources).entries.values()].flat()) {
      const [, , ...rest] = exportedParameters(kernel).map(({ name }) => name);
      expect(rest).toEqual([...rest].sort());
      const told = new RegExp(`^  ${kernel.name}: \\{\n([^}]*)\\}`, 'm').exec(text)![1]!;
      expect([...told.matchAll(/(\w+):/g)].map(([, name]) => name)).toEqual(rest);
    }
  });
});

describe('a change of a kernel in assembly/', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mobinet-abi-'));
    const root = fileURLToPath(new URL('../..', import.meta.url));
    for (const path of ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
      cpSync(join(root, path), join(folder, path), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What the TypeScript compiler says of src/ beside kernels of these sources. */
  function complaints(changed: ReadonlyMap<string, string>): string {
    writeFileSync(join(folder, 'src/kernels/abi.gen.ts'), abiSource(parseAssembly(changed)));
    try {
      execFileSync('npx', ['tsc', '--noEmit', '-p', 'tsconfig.build.json'], { cwd: folder });
      return '';
    } catch (error) {
      return String((error as { stdout: Buffer }).stdout);
    }
  }

  const poolWith = (parameters: string) => sourcesWith('pool2d.ts', POOL, parameters);

  test('two parameters swapped: the binary takes them as before', () => {
    const swapped = poolWith(
      POOL.replace('height: i32,\n  width: i32', 'width: i32,\n  height: i32'),
    );
    const assembly = parseAssembly(swapped);
    expect(abiSource(assembly)).toBe(abiSource(parseAssembly(sources)));
    const source = instancesSource(assembly.entries.get('index.ts')!);
    expect(source).toContain(
      'export function globalAveragePool(channelBegin: i32, channelEnd: i32, channels: i32, height: i32, input: usize, out: usize, reciprocal: f32, width: i32): void { source_globalAveragePool<f32, f32>(channelBegin, channelEnd, input, out, channels, width, height, reciprocal); }',
    );
  });

  test.each([
    ['renamed', POOL.replace('width: i32', 'columns: i32'), /'width'/],
    ['new', POOL.replace('width: i32', 'width: i32,\n  more: i32'), /more/],
    ['removed', POOL.replace('  width: i32,\n', ''), /width/],
    ['no address any more', POOL.replace('out: usize', 'out: i32'), /number/],
  ])('a parameter %s: the calls do not compile', (_, parameters, message) => {
    expect(complaints(poolWith(parameters))).toMatch(message);
  });

  test('a constant: the digest is another', () => {
    const moved = sourcesWith(
      'memory-map.ts',
      'FIRST_TABLE: usize = 4096',
      'FIRST_TABLE: usize = 8192',
    );
    expect(abiSource(parseAssembly(moved))).toContain('export const FIRST_TABLE = 8192;');
    expect(abiDigest(parseAssembly(moved))).not.toBe(ABI_DIGEST);
  });

  test('one that does not take its range of work first is refused', () => {
    const changed = sourcesWith('elementwise.ts', 'clamp(begin: i32, end: i32, ', 'clamp(');
    expect(() => parseAssembly(changed)).toThrow('clamp must take its range of work first');
  });

  test('an entry that exports an instance which there is none of: no binary is made', () => {
    const changed = sourcesWith(
      'index-common.ts',
      'as averagePool2x2Int16',
      'as averagePool2x2Int8',
    );
    expect(() => parseAssembly(changed)).toThrow('averagePool2x2Int8 is none of averagePool2x2,');
  });
});

describe.each(RUNNABLE.flatMap((build) => [[build, ''] as const, [build, '-threads'] as const]))(
  '%s%s build',
  (build, kind) => {
    test('exports the kernels of its entry, with as many parameters, and nothing else', async () => {
      const module = wasmModule(build, kind);
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: kind !== '' });
      const kernels: Record<string, unknown> = await instantiateKernels(module, memory);
      const { entries } = parseAssembly(sources);
      const names = entries.get(BUILD_TABLE[build].all.entry)!.flatMap(exportedNames);
      const exported = WebAssembly.Module.exports(module).filter(({ kind }) => kind === 'function');
      expect(exported.map(({ name }) => name).sort()).toEqual(names.sort());
      for (const kernel of entries.get(BUILD_TABLE[build].all.entry)!) {
        for (const name of exportedNames(kernel)) {
          expect((kernels[name] as () => void).length, name).toBe(kernel.parameters.length);
        }
      }
    });
  },
);

test('a build with SIMD has every kernel', () => {
  const { entries } = parseAssembly(sources);
  for (const build of BUILDS.filter((name) => name !== 'plain')) {
    const names = entries.get(BUILD_TABLE[build].all.entry)!.flatMap(exportedNames);
    const all = [...entries.values()].flat().flatMap(exportedNames);
    expect(names.sort()).toEqual([...new Set(all)].sort());
  }
});
