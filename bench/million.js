/**
 * A folder of many pictures through `mobinet classify --resume`, killed in the middle and started
 * again: pictures a second, memory, and whether any was lost or is there twice. Linux, for /proc.
 *
 *     npm run million -- FOLDER [--jobs 2]
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { header, table } from './report.js';

const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { jobs: { type: 'string', default: String(cpus().length) } },
});
const [folder] = positionals;
if (folder === undefined) throw new Error('Give a folder: npm run million -- FOLDER');

const pictures = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));
const work = mkdtempSync(join(tmpdir(), 'mobinet-million-'));
const out = join(work, 'labels.ndjson');

/** The files of all whole lines. */
function filesDone() {
  const lines = readFileSync(out, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line).file);
}

/**
 * Runs until the end, or until there are so many bytes of lines.
 * @param {number} killAt
 */
async function run(killAt) {
  const begin = performance.now();
  const args = [CLI, 'classify', '--top', '1', '--jobs', flags.jobs, '--resume', out];
  const child = spawn(process.execPath, [...args, /** @type {string} */ (folder)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  let megabytes = 0;
  while (child.exitCode === null && child.signalCode === null) {
    megabytes = Math.max(megabytes, peakMegabytes(child.pid));
    if (sizeOf(out) >= killAt) child.kill('SIGKILL');
    await Promise.race([wait(200), ended]);
  }
  return { seconds: (performance.now() - begin) / 1000, megabytes };
}

/**
 * The most memory that a process had so far; 0 once it has ended.
 * @param {number | undefined} pid
 */
function peakMegabytes(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(status.match(/VmHWM:\s+(\d+)/)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** @param {string} file */
const sizeOf = (file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

// A line of a picture is at least this long, so that this is some way into the folder.
const SHORTEST_LINE = 80;
const first = await run((pictures.length / 2) * SHORTEST_LINE);
const done = filesDone().length;
const second = await run(Number.POSITIVE_INFINITY);
const files = filesDone();
rmSync(work, { recursive: true });

const row = (
  /** @type {string} */ name,
  /** @type {number} */ count,
  /** @type {{ seconds: number, megabytes: number }} */ { seconds, megabytes },
) => [name, String(count), seconds.toFixed(0), (count / seconds).toFixed(0), megabytes.toFixed(0)];
const rows = [row('killed', done, first), row('started again', files.length - done, second)];
const distinct = new Set(files);
const lost = pictures.filter((picture) => !distinct.has(picture)).length;
const text = [
  header(`${pictures.length} pictures, --jobs ${flags.jobs}`),
  table(['run', 'pictures', 'seconds', 'a second', 'MB'], rows),
  `\n${lost} lost, ${files.length - distinct.size} twice\n`,
].join('\n');
process.stdout.write(text);
