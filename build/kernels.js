/**
 * Compiles the kernels of assembly/ to dist/mobinet.<build>.wasm and writes src/kernels/abi.gen.ts.
 *
 *     node build/kernels.js [file, ...]
 *
 * Every binary of src/kernels/builds.ts, or those named: `mobinet.simd.wasm`.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { buildSync } from 'esbuild';
import { ABI_FILE, abiDigest, abiSource } from './abi.js';
import { instancesSource, parseAssembly, readSources } from './assembly.js';
import { sourcesDigest, withIdentity } from './identity.js';
import { withLocalsInOrder } from './local-order.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const OPTIONS = [
  ...['--runtime', 'stub', '--importMemory', '--initialMemory', '1', '--use', 'abort='],
  ...['--optimizeLevel', '3', '--shrinkLevel', '0', '--converge', '--noAssert'],
  ...['--uncheckedBehavior', 'always'],
];

/** In any memory that a plan may ask for. */
const THREADS_OPTIONS = ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536'];

/** @returns {Promise<typeof import('../src/kernels/builds.ts')>} */
export async function readBuilds() {
  const { outputFiles } = buildSync({
    entryPoints: [join(root, 'src/kernels/builds.ts')],
    bundle: true,
    write: false,
    format: 'esm',
  });
  const text = outputFiles[0]?.text ?? '';
  return import(`data:text/javascript,${encodeURIComponent(text)}`);
}

/**
 * @param {string} source of the entry
 * @param {string} outFile
 * @param {readonly string[]} options
 */
async function compile(source, outFile, options) {
  const entry = 'assembly/instances.ts';
  const { error, stderr } = await asc.main([entry, '--outFile', outFile, ...OPTIONS, ...options], {
    readFile(name, folder) {
      if (name === entry) return source;
      try {
        return readFileSync(join(folder, name), 'utf8');
      } catch {
        return null;
      }
    },
  });
  if (error !== null) throw new Error(`${outFile}: ${error.message}\n${stderr}`);
}

const assembly = parseAssembly(readSources());
writeFileSync(ABI_FILE, abiSource(assembly));

const { BUILDS, BUILD_TABLE, binaryOf, wasmFile } = await readBuilds();
const wanted = process.argv.slice(2);
process.chdir(root);
for (const build of BUILDS) {
  const { features, common } = BUILD_TABLE[build];
  /** @type {import('../src/kernels/builds.ts').Extent[]} */
  const extents = common === undefined ? ['all'] : ['all', 'common'];
  const enabled = features.flatMap((feature) => ['--enable', feature]);
  const disabled = features.includes('simd') ? [] : ['--disable', 'simd'];
  for (const extent of extents) {
    const source = instancesSource(assembly.entries.get(binaryOf(build, extent).entry) ?? []);
    for (const shared of [false, true]) {
      const file = wasmFile(build, shared, extent);
      if (wanted.length > 0 && !wanted.includes(file)) continue;
      const path = join('dist', file);
      await compile(source, path, [...enabled, ...disabled, ...(shared ? THREADS_OPTIONS : [])]);
      const identity = { build, shared, abi: abiDigest(assembly), sources: sourcesDigest() };
      writeFileSync(path, withIdentity(withLocalsInOrder(readFileSync(path)), identity));
    }
  }
}
