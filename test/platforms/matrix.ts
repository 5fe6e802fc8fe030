/** Writes the rows of all tests that ran to docs/platforms.md, between its two marks. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { ROOT } from '../package/tarball.ts';
import type { Kind, Row } from './row.ts';

const FILE = join(ROOT, 'docs/platforms.md');
const BEGIN = '<!-- npm run platforms -->\n';
const END = '<!-- end -->';

const KINDS: readonly Kind[] = ['Servers and scripts', 'Bundlers and frameworks', 'Pages'];

export default class Matrix implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const rows = tests.flatMap((test) => {
      const { row } = test.meta();
      return row === undefined ? [] : [{ ...row, result: resultOf(test, row) }];
    });
    const tables = KINDS.map((kind) => tableOf(kind, rows));
    const [before, rest] = readFileSync(FILE, 'utf8').split(BEGIN);
    const [, after] = rest!.split(END);
    writeFileSync(FILE, `${before}${BEGIN}\n${tables.join('\n')}\n${END}${after}`);
  }
}

function resultOf(test: TestCase, { result = 'works' }: Row): string {
  const { state, errors } = test.result();
  if (state === 'passed') return result;
  return `**fails**: ${errors?.[0]?.message.split('\n')[0] ?? state}`;
}

function tableOf(kind: Kind, rows: readonly Row[]): string {
  const lines = rows
    .filter((row) => row.kind === kind)
    .map(({ setUp, ran, configuration, result }) => [setUp, ran, configuration, result])
    .sort(([left], [right]) => left!.localeCompare(right!, 'en', { numeric: true }));
  const head = ['set-up', 'what was run', 'to be set', 'result'];
  const text = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
  return `## ${kind}\n\n${text.join('\n')}\n`;
}
