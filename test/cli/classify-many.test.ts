import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const COUNT = 60;
/** Of a folder deeper, so that a glob has to go there. */
const name = (index: number) => join(folder, 'pictures', 'deeper', `${index}.jpg`);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mobinet-test-'));
  mkdirSync(join(folder, 'pictures', 'deeper'), { recursive: true });
  for (let i = 0; i < COUNT; i++) copyFileSync(join(root, 'samples/rocket.jpg'), name(i));
  writeFileSync(name(7), 'not a picture');
});
afterAll(() => rmSync(folder, { recursive: true }));

const start = (...args: string[]) =>
  spawn(process.execPath, [join(root, 'dist/cli/main.js'), 'classify', '--top', '1', ...args]);

async function end(child: ChildProcess, input = '') {
  let stdout = '';
  let stderr = '';
  child.stdout!.on('data', (text) => {
    stdout += text;
  });
  child.stderr!.on('data', (text) => {
    stderr += text;
  });
  child.stdin!.end(input);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

const linesOf = (text: string) => text.trimEnd().split('\n');
const filesOf = (text: string): string[] => linesOf(text).map((line) => JSON.parse(line).file);
const all = () => Array.from({ length: COUNT }, (_, i) => name(i));

test('killed in the middle and resumed: every picture once, none lost', async () => {
  const out = join(folder, 'killed.ndjson');
  const first = start('--jobs', '2', '--resume', out, join(folder, 'pictures'));
  const ended = end(first);
  const count = () => (existsSync(out) ? readFileSync(out, 'utf8').split('\n').length - 1 : 0);
  while (count() < 3 && first.exitCode === null) await new Promise((go) => setTimeout(go, 1));
  first.kill('SIGKILL');
  await ended;
  const before = count();
  expect(before).toBeLessThan(COUNT);
  // As a disk would leave it where the machine itself went down.
  appendFileSync(out, '{"file":"half a li');
  const { code, stderr } = await end(start('--resume', out, join(folder, 'pictures')));
  expect(filesOf(readFileSync(out, 'utf8')).sort()).toEqual(all().sort());
  expect(stderr).toContain(`${COUNT - before} pictures in`);
  expect(stderr).toContain(`${before} passed over`);
  // If the bad picture was in the second part.
  expect([0, 1]).toContain(code);
}, 60_000);

test('a list on standard input, in its order, each once; a failure is a line, exit code 1', async () => {
  const list = [3, 7, 1, 3, 2].map(name).join('\n');
  const { code, stdout } = await end(start('--ndjson', '--in-order', '-'), `${list}\n\n`);
  expect(filesOf(stdout)).toEqual([3, 7, 1, 2].map(name));
  const [good, bad] = linesOf(stdout).map((line) => JSON.parse(line));
  expect(Object.keys(good)).toEqual(['file', 'width', 'height', 'predictions']);
  expect(bad).toMatchObject({ error: { code: 'PICTURE_DECODE' } });
  expect(code).toBe(1);
}, 60_000);

test('a glob', async () => {
  const { stdout } = await end(start('--ndjson', '--in-order', join(folder, '**', '1?.jpg')));
  expect(filesOf(stdout)).toEqual(all().slice(10, 20));
}, 60_000);

test.each(['{"some": "json"}', 'a,b\n1,2\n'])(
  '--resume %j: refused, and left as it is',
  async (text) => {
    const out = join(folder, 'other');
    writeFileSync(out, text);
    const { code, stderr } = await end(start('--resume', out, name(1)));
    expect(stderr).toMatch(/line 1 is no result/);
    expect(readFileSync(out, 'utf8')).toBe(text);
    expect(code).toBe(2);
  },
  60_000,
);
