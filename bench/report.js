/** What all benchmarks share: who measured where, tables, files of results. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

const folder = new URL('results/', import.meta.url);
mkdirSync(folder, { recursive: true });

/**
 * NaN of none.
 * @param {readonly number[]} numbers
 */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** The engine, the processor and how busy it is, under a title. */
export function header(/** @type {string} */ title) {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const processor = `${cpus()[0]?.model.trim()}, ${cpus().length} cores`;
  const engine = `Node ${process.version}, V8 ${process.versions.v8}`;
  const load = `load average ${loadavg()[0]?.toFixed(1)}`;
  return `${title}\nmobinet ${version}; ${engine}; ${processor}; ${load}\n`;
}

/**
 * Columns side by side, the first to the left, the others to the right.
 * @param {readonly string[]} columns
 * @param {readonly (readonly string[])[]} rows
 */
export function table(columns, rows) {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (/** @type {readonly string[]} */ cells) =>
    cells
      .map((cell, index) =>
        index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0),
      )
      .join('  ');
  return [line(columns), ...rows.map(line), ''].join('\n');
}

/**
 * Writes bench/results/NAME.{txt,json,svg}.
 * @param {string} name
 * @param {{ text: string, json: object, svg: string }} results
 */
export function writeResults(name, { text, json, svg }) {
  writeFileSync(new URL(`${name}.txt`, folder), text);
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(json, undefined, 2)}\n`);
  writeFileSync(new URL(`${name}.svg`, folder), svg);
}
