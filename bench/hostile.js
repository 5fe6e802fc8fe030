/**
 * Peak memory and time of the command line for each file of a folder of hostile ones; a sound picture first, to compare.
 *
 *     npm run build && npm run hostile [-- FOLDER]
 *
 * Linux only: memory and processor time are read from /proc.
 */

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { header, table } from './report.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const cli = join(root, 'dist/cli/main.js');
const picture = join(root, 'samples/chelsea.png');
const [folder = join(root, '../shared/data/hostile')] = process.argv.slice(2);

const TICKS_A_SECOND = 100;
const LOOK_EVERY = 5;

/** What the system knows of a process; undefined once it has ended. */
function look(/** @type {number} */ pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const peak = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const ticks = Number(fields[11]) + Number(fields[12]);
    return peak && { mebibytes: Number(peak) / 1024, seconds: ticks / TICKS_A_SECOND };
  } catch {
    return undefined;
  }
}

/**
 * @param {readonly string[]} options
 * @returns {Promise<string[]>} exit code, processor time, peak memory, what is said
 */
function measure(options) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [cli, 'classify', '--top', '1', ...options]);
    let said = '';
    let last = { mebibytes: 0, seconds: 0 };
    child.stdout.on('data', (data) => (said += data));
    child.stderr.on('data', (data) => (said += data));
    const timer = setInterval(() => {
      last = look(child.pid ?? 0) || last;
    }, LOOK_EVERY);
    child.on('close', (code, signal) => {
      clearInterval(timer);
      // Without the bar of a score.
      const text = (said.trim().split('\n').at(-1) ?? '').replace(/[\u2580-\u259f ]+/g, ' ').trim();
      resolve([
        String(code ?? signal),
        last.seconds.toFixed(1),
        last.mebibytes.toFixed(0),
        text.replaceAll(`${folder}/`, ''),
      ]);
    });
  });
}

if (!existsSync(folder)) throw new Error(`${folder} is not there`);
const files = readdirSync(folder)
  .filter((file) => !file.endsWith('.md'))
  .sort();
console.log(header('Hostile files, each in a process of its own'));
const rows = [['samples/chelsea.png', ...(await measure([picture]))]];
for (const file of files) {
  const path = join(folder, file);
  const isModel = file.endsWith('.safetensors');
  rows.push([file, ...(await measure(isModel ? ['--model', path, picture] : [path]))]);
}
const [columns, ...lines] = table(['file', 'exit', 'CPU s', 'peak MiB'], rows).split('\n');
console.log(`${columns}  says`);
for (const [index, row] of rows.entries()) console.log(`${lines[index]}  ${row[4]}`);
