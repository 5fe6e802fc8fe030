/** What the documents say to run, runs. */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Snippet, snippetsOf } from '../helpers/snippets.ts';
import { ROOT } from './tarball.ts';

const DOCUMENTS = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)]
  .filter((name) => name.endsWith('.md'))
  .sort();

const blocks = DOCUMENTS.flatMap((document) =>
  snippetsOf(document).map((snippet) => ({ document, ...snippet })),
);

const mobinet = (...args: string[]) =>
  execFileSync(process.execPath, ['dist/cli/main.js', ...args], { cwd: ROOT, encoding: 'utf8' });

test('every command of the command line exists, with its options', () => {
  const commands = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => [...code.matchAll(/npx mobinet (\w+)([^#|&\n]*)/g)]);
  const help = new Map<string, string>();
  for (const [line, command, rest] of commands) {
    const text = help.get(command!) ?? mobinet(command!, '--help');
    help.set(command!, text);
    for (const [option] of rest!.matchAll(/--[a-z][\w-]*/g)) expect(text, line).toContain(option);
  }
  expect(commands.length).toBeGreaterThan(10);
}, 240_000);

test('every script that npm is to run exists', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  for (const document of DOCUMENTS) {
    const text = readFileSync(join(ROOT, document), 'utf8');
    for (const [line, name] of text.matchAll(/npm run ([\w:-]+)/g)) {
      expect(scripts, `${line} in ${document}`).toHaveProperty([name!]);
    }
  }
});

/** Whole scripts for Node; those that name a file are run where they are bundled or served. */
const scripts = blocks.filter(
  ({ language, file, code }) =>
    language === 'js' && file === undefined && code.includes("'mobinet/node'"),
);

/** What a script says it prints: comments below `console.log`. */
const outputOf = ({ code }: Snippet) =>
  [...code.matchAll(/^\/\/ (.*)$/gm)].map(([, line]) => line!).join('\n');

test.each(scripts)('$document, $heading: the lines for Node print what they say', (script) => {
  const args = ['--input-type=module', '--eval', script.code];
  const printed = execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' }).trim();
  expect(printed).not.toBe('');
  if (outputOf(script) !== '') expect(printed).toBe(outputOf(script));
});

test('every document with code that is neither is named by the test that runs it', () => {
  const tests = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(test|platform)\.ts$/.test(name))
    .map((name) => readFileSync(join(ROOT, 'test', name), 'utf8'));
  const others = blocks.filter((block) => block.language !== 'sh' && !scripts.includes(block));
  for (const { document } of others) {
    expect(
      tests.some((text) => text.includes(document)),
      document,
    ).toBe(true);
  }
});

test('links between the documents lead to a file', () => {
  for (const document of DOCUMENTS) {
    const text = readFileSync(join(ROOT, document), 'utf8');
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      const at = join(ROOT, document, '..', target!);
      expect(() => readFileSync(at), `${target} in ${document}`).not.toThrow(/ENOENT/);
    }
  }
});
