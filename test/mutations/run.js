/**
 * Do the tests notice? Each mutation of `list.js` changes one tap, bit or border case in a copy of the
 * sources; the tests of the kernels must then fail, in every build that it concerns. In its copy no build is there
 * but the one under test.
 *
 *     node test/mutations/run.js             all of them, after changing kernels or their tests
 *     node test/mutations/run.js --sample    the first of each group, in one of its builds, as CI does
 *     node test/mutations/run.js FILE        those of one file of the sources
 *
 * Fails where a mutation is missed, does not compile, or matches nothing.
 */

import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MUTATIONS } from './list.js';

/**
 * A mutation in a build; `what` is undefined for the sources as they are, which must pass.
 * @typedef {object} Job
 * @property {string} build
 * @property {readonly string[]} tests
 * @property {string} [what]
 * @property {string} [file]
 * @property {string} [mutated] text of the file
 */

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = ['assembly', 'build', 'src', 'test', 'package.json', 'vitest.config.ts'];
/** Node before 22 runs relaxed SIMD only with it. */
const RELAXED_FLAG = '--experimental-wasm-relaxed-simd';
/** A mutation that makes the tests hang is noticed. */
const MAX_MILLISECONDS = 180_000;

/** A copy of the sources to mutate, without any binaries. */
function openCopy() {
  const folder = mkdtempSync(join(tmpdir(), 'mobinet-mutations-'));
  for (const path of COPIED) cpSync(join(root, path), join(folder, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/**
 * The first test that fails in a build compiled from the copy's sources, or undefined where all pass.
 * Only a mutation is stopped after a time: a busy machine is no failure.
 * @param {string} copy
 * @param {Job} job
 */
async function firstFailure(copy, { build, tests, what }) {
  rmSync(join(copy, 'dist'), { recursive: true, force: true });
  await run(process.execPath, ['build/kernels.js', `mobinet.${build}.wasm`], { cwd: copy });
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const options = ['--bail=1', '--testTimeout=0', '--reporter=json', `--outputFile=${report}`];
  const wasm = readFileSync(join(copy, `dist/mobinet.${build}.wasm`));
  if (!WebAssembly.validate(wasm)) options.push(`--execArgv=${RELAXED_FLAG}`);
  try {
    await run(process.execPath, [vitest, 'run', ...options, ...tests], {
      cwd: copy,
      env: { ...process.env, TEST_BUILD: build },
      timeout: what === undefined ? 0 : MAX_MILLISECONDS,
      maxBuffer: 2 ** 28,
    });
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'killed' in error && error.killed) return 'one that hangs';
    /** @type {{ testResults: { assertionResults: { status: string, fullName: string }[] }[] }} */
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
    const results = testResults.flatMap(({ assertionResults }) => assertionResults);
    const failed = results.find(({ status }) => status === 'failed');
    if (failed !== undefined) return failed.fullName;
    throw new Error(`no test failed, but the run did: ${error}`);
  }
}

/** @returns {Job[]} */
function jobsOf(/** @type {string | undefined} */ wish) {
  const groups = MUTATIONS.filter(
    ({ file }) => wish === undefined || wish === '--sample' || wish === file,
  );
  if (groups.length === 0) throw new Error(`no mutations of ${wish}`);
  const isSample = wish === '--sample';
  const mutated = groups.flatMap(({ file, builds, tests, mutations }, group) =>
    mutations.slice(0, isSample ? 1 : undefined).flatMap(([what, before, after]) => {
      const source = readFileSync(join(root, file), 'utf8');
      if (source.split(before).length !== 2)
        throw new Error(`${file} has not exactly one: ${before}`);
      const text = source.replace(before, () => after);
      // One build after the other, so that each has its share.
      const sample = builds.slice(group % builds.length).slice(0, 1);
      return (isSample ? sample : builds).map((build) => {
        return { build, tests, what, file, mutated: text };
      });
    }),
  );
  const builds = [...new Set(mutated.map(({ build }) => build))];
  const asItIs = builds.map((build) => {
    const jobs = mutated.filter((job) => job.build === build);
    return { build, tests: [...new Set(jobs.flatMap(({ tests }) => tests))] };
  });
  return [...asItIs, ...mutated];
}

const jobs = jobsOf(process.argv[2]);
const count = jobs.filter(({ what }) => what !== undefined).length;
let missed = 0;

/** Takes jobs until none is left. */
async function work() {
  const copy = openCopy();
  try {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const { build, what, file = '', mutated = '' } = job;
      if (what === undefined) {
        const failure = await firstFailure(copy, job);
        if (failure === undefined) continue;
        throw new Error(`without any mutation, in ${build}, this test fails: ${failure}`);
      }
      const path = join(copy, file);
      const source = readFileSync(path, 'utf8');
      writeFileSync(path, mutated);
      const found = (await firstFailure(copy, job)) !== undefined;
      writeFileSync(path, source);
      if (!found) missed++;
      process.stdout.write(`${found ? 'noticed' : 'MISSED '}  ${build}: ${file}: ${what}\n`);
    }
  } finally {
    rmSync(copy, { recursive: true });
  }
}

await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
process.stdout.write(`${count - missed} of ${count} mutations noticed\n`);
process.exitCode = missed > 0 ? 1 : 0;
