import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, version as esbuild } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { snippet } from '../helpers/snippets.ts';
import { installTarball, ROOT } from '../package/tarball.ts';
import { row, versionOf } from './row.ts';

const PICTURE = join(ROOT, 'samples/chelsea.png');

/** Prints the label of a picture, and on how many threads it was found. */
const LABEL = `
const { predictions } = await model.classify(${JSON.stringify(PICTURE)}, { topK: 1 });
console.log(model.build + ' on ' + model.describe().threads + ': ' + predictions[0].label);
`;

const LABELLED = /^(simd|relaxed) on 2: golden retriever\n$/;

let folder: string;
beforeAll(() => {
  folder = installTarball();
  // The package's only native dependency, as its installation would bring it.
  symlinkSync(join(ROOT, 'node_modules/sharp'), join(folder, 'node_modules/sharp'));
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const run = (file: string) => execFileSync(process.execPath, [file], { encoding: 'utf8' });

const here = (ran: string, configuration = 'none') =>
  row({
    kind: 'Servers and scripts',
    setUp: `Node ${process.versions.node}`,
    ran,
    configuration,
  });

test('a worker thread', () => {
  here('`mobinet/node` in a worker thread, with two threads of its own');
  write(
    'in-thread.mjs',
    `import { loadModel } from 'mobinet/node'; const model = await loadModel(undefined, { threads: 2 });${LABEL}`,
  );
  const main = write(
    'thread.mjs',
    `import { Worker } from 'node:worker_threads'; new Worker(new URL('./in-thread.mjs', import.meta.url));`,
  );
  expect(run(main)).toMatch(LABELLED);
});

test('cluster', () => {
  here('`mobinet/node` in the two processes of a cluster');
  const main = write(
    'cluster.mjs',
    `import cluster from 'node:cluster';
if (cluster.isPrimary) { cluster.fork(); cluster.fork(); }
else {
  const { loadModel } = await import('mobinet/node');
  const model = await loadModel(undefined, { threads: 2 });${LABEL}
  process.exit();
}`,
  );
  const [first, second] = run(main).trimEnd().split('\n');
  expect(`${first}\n`).toMatch(LABELLED);
  expect(second).toBe(first);
});

test('CommonJS', () => {
  here("`require('mobinet/node')` from CommonJS");
  const main = write(
    'require.cjs',
    `const { loadModel } = require('mobinet/node');
loadModel(undefined, { threads: 2 }).then(async (model) => {${LABEL}});`,
  );
  expect(run(main)).toMatch(LABELLED);
});

const bundle = async (entry: string) => {
  const outfile = join(folder, 'bundle', 'server.mjs');
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    external: ['sharp'],
  });
  return outfile;
};

const bundled = (ran: string, configuration: string) =>
  row({ kind: 'Bundlers and frameworks', setUp: `esbuild ${esbuild}`, ran, configuration });

test('a bundle by esbuild that leaves the package out', async () => {
  bundled('a bundle for Node, `mobinet/node`', '`--external:mobinet`');
  write(
    'server.js',
    `import { loadModel } from 'mobinet/node'; const model = await loadModel(undefined, { threads: 2 });${LABEL}`,
  );
  const PATH = `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`;
  const command = snippet('docs/node.md', 'In a bundle', 'sh');
  execFileSync('sh', ['-ec', command], {
    cwd: folder,
    env: { ...process.env, PATH },
    stdio: 'pipe',
  });
  expect(run(join(folder, 'server.mjs'))).toMatch(LABELLED);
});

test('a bundle by esbuild with the package in it, and its files handed in', async () => {
  bundled(
    'a bundle for Node with `mobinet/node` in it, one thread',
    '`--external:sharp`; the model and `wasm` handed in',
  );
  const dist = join(folder, 'node_modules/mobinet/dist');
  mkdirSync(join(folder, 'bundle/kernels'), { recursive: true });
  for (const build of ['simd', 'relaxed']) {
    const file = `mobinet.${build}.wasm`;
    cpSync(join(dist, file), join(folder, 'bundle/kernels', file));
  }
  const model = join(folder, 'node_modules/mobinet/models/mobinet-mid-k3-w50-64.safetensors');
  cpSync(model, join(folder, 'bundle/model.safetensors'));
  const entry = write('bundled.js', snippet('docs/node.md', 'In a bundle', 'js') + LABEL);
  expect(run(await bundle(entry))).toMatch(/^(simd|relaxed) on 1: golden retriever\n$/);
});

test('a bundle without the files of the package: the error says what to do', async () => {
  const file = await bundle(
    write('left.js', "import { loadModel } from 'mobinet/node'; await loadModel();"),
  );
  const { stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  expect(stderr).toMatch(/FILE_NOT_FOUND/);
  expect(stderr).toMatch(/hint: .*external:mobinet/);
});

test.each(['nodenext', 'bundler'])('strict TypeScript, module resolution %s', (resolution) => {
  row({
    kind: 'Servers and scripts',
    setUp: `TypeScript ${versionOf('typescript')}`,
    ran: `all entries under \`strict\`, libraries checked, module resolution \`${resolution}\``,
    configuration: 'none',
  });
  symlinkSync(join(ROOT, 'node_modules/@types'), join(folder, 'node_modules/@types'));
  write('package.json', '{"type":"module"}');
  write(
    'consumer.ts',
    `import { type Classification, loadModel } from 'mobinet';
import { type NodeModel, loadModel as loadInNode } from 'mobinet/node';
import { type Classifier, createClassifier } from 'mobinet/worker';
export const model: NodeModel = await loadInNode();
export const there: Classification = await (await loadModel('m')).classify(new ImageData(1, 1));
export const classifier: Classifier = await createClassifier('m', { threads: 'auto' });
// @ts-expect-error: no such option
await loadModel('m', { thread: 2 });
`,
  );
  const options = `--noEmit --strict --exactOptionalPropertyTypes --target es2022 --types node --module ${resolution === 'bundler' ? 'esnext' : 'nodenext'} --moduleResolution ${resolution} consumer.ts`;
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const done = spawnSync(process.execPath, [tsc, ...options.split(' ')], {
    cwd: folder,
    encoding: 'utf8',
  });
  rmSync(join(folder, 'node_modules/@types'));
  expect(done.stdout).toBe('');
  expect(done.status).toBe(0);
});
