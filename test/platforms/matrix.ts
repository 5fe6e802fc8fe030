/**
 * Keeps the rows of the tests that ran in rows.json, by their files, and writes all of it to
 * docs/platforms.md, between its two marks. So a part can be run again alone.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { ROOT } from '../package/tarball.ts';
import type { Kind, Row } from './row.ts';

const DOCUMENT = join(ROOT, 'docs/platforms.md');
const BEGIN = '<!-- npm run platforms -->\n';
const END = '<!-- end -->';
const ROWS = join(ROOT, 'test/platforms/rows.json');

const KINDS: readonly Kind[] = ['Servers and scripts', 'Bundlers and frameworks', 'Pages'];

type Rows = Record<string, readonly Required<Row>[]>;

export default class Matrix implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const before: Rows = existsSync(ROWS) ? JSON.parse(readFileSync(ROWS, 'utf8')) : {};
    const ran = modules.map((module) => [module.relativeModuleId, rowsOf(module)] as const);
    const all = Object.entries({ ...before, ...Object.fromEntries(ran) })
      .filter(([file]) => existsSync(join(ROOT, file)))
      .sort(([left], [right]) => left.localeCompare(right));
    writeFileSync(ROWS, `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`);
    const rows = all.flatMap(([, rows]) => rows);
    const tables = KINDS.map((kind) => tableOf(kind, rows));
    const [head, rest] = readFileSync(DOCUMENT, 'utf8').split(BEGIN);
    const [, tail] = rest!.split(END);
    writeFileSync(DOCUMENT, `${head}${BEGIN}\n${tables.join('\n')}\n${END}${tail}`);
  }
}

function rowsOf(module: TestModule): Required<Row>[] {
  return [...module.children.allTests()].flatMap((test) => {
    const { row } = test.meta();
    return row === undefined ? [] : [{ ...row, result: resultOf(test, row) }];
  });
}

function resultOf(test: TestCase, { result = 'works' }: Row): string {
  const { state, errors } = test.result();
  if (state === 'passed') return result;
  return `**fails**: ${errors?.[0]?.message.split('\n')[0] ?? state}`;
}

function tableOf(kind: Kind, rows: readonly Required<Row>[]): string {
  const lines = rows
    .filter((row) => row.kind === kind)
    .map(({ setUp, ran, configuration, result }) => [setUp, ran, configuration, result])
    .sort(([left], [right]) => left!.localeCompare(right!, 'en', { numeric: true }));
  const head = ['set-up', 'what was run', 'to be set', 'result'];
  const text = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
  return `## ${kind}\n\n${text.join('\n')}\n`;
}
