import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { safeJson, safeText } from '../../src/cli/text.ts';
import { tinyModelFile } from '../helpers/model-file.ts';
import { onnxModel } from '../helpers/onnx.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Clears the screen, recolours by C1, writes from right to left, ends the line. */
const EVIL = '\x1b[2J\x9b31m\u202egpj\u2066\x7f\u2028\u200b\nmobinet: all fine';
/** What may not reach a terminal, but for line feeds. */
const UNSAFE = /(?!\n)[\p{Cc}\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

let folder: string;
let model: string;
let broken: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mobinet-terminal-'));
  model = join(folder, 'evil.safetensors');
  broken = join(folder, 'broken.safetensors');
  const evil = (container: { metadata: Map<string, string> }) => {
    const rename = (text: string) => text.replaceAll('"logits"', JSON.stringify(EVIL));
    const { metadata } = container;
    metadata.set('graph', rename(metadata.get('graph')!));
    metadata.set('name', EVIL);
    metadata.set('labels', JSON.stringify(Array(5).fill(EVIL)));
  };
  writeFileSync(model, await tinyModelFile(evil));
  const unknown = await tinyModelFile((container) => {
    evil(container);
    const graph = container.metadata.get('graph')!;
    container.metadata.set('graph', graph.replace('"flat"]', `${JSON.stringify(`${EVIL}?`)}]`));
  });
  writeFileSync(broken, unknown);
  writeFileSync(
    join(folder, 'evil.onnx'),
    onnxModel({ nodes: [{ op: EVIL, inputs: ['x'], output: EVIL }], outputs: [EVIL] }),
  );
  for (const name of [EVIL, 'other']) {
    mkdirSync(join(folder, 'classes', name), { recursive: true });
    copyFileSync(join(root, 'samples/rocket.jpg'), join(folder, 'classes', name, 'rocket.jpg'));
    writeFileSync(join(folder, 'classes', name, `${EVIL}.png`), 'no picture');
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function mobinet(...args: string[]) {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [join(root, 'dist/cli/main.js'), ...args],
    { encoding: 'utf8' },
  );
  return { stdout, stderr, status };
}

describe('nothing of a stranger moves the cursor', () => {
  test.each([
    ['describe', () => ['describe', model]],
    ['describe --json', () => ['describe', model, '--json']],
    ['an error of the graph', () => ['describe', broken]],
    ['labels', () => ['classify', join(root, 'samples/rocket.jpg'), '-m', model]],
    ['labels as JSON', () => ['classify', join(root, 'samples/rocket.jpg'), '-m', model, '--json']],
    ['the profile', () => ['classify', join(root, 'samples/rocket.jpg'), '-m', model, '--profile']],
    ['a name that is not there', () => ['classify', `${EVIL}.jpg`]],
    ['lines of JSON', () => ['classify', '--ndjson', `${EVIL}.jpg`]],
    ['feature vectors', () => ['embed', `${EVIL}.jpg`]],
    ['class folders that nobody knows', () => ['eval', join(folder, 'classes')]],
    ['what is taught', () => ['teach', join(folder, 'classes'), '-o', `${folder}/${EVIL}`]],
    ['a foreign model', () => ['convert', join(folder, 'evil.onnx'), join(folder, 'none')]],
    ['an option that is none', () => ['classify', `--${EVIL}`]],
    ['a predictions file of another kind', () => ['eval', folder, '--predictions', EVIL]],
  ])('%s', (_, args) => {
    const { stdout, stderr } = mobinet(...args());
    expect(stdout + stderr).toContain('31m');
    expect(stdout).not.toMatch(UNSAFE);
    expect(stderr).not.toMatch(UNSAFE);
    expect(stdout + stderr).not.toMatch(/^mobinet: all fine/m);
  });

  test('a picture whose name has line feeds is read, and named on one line', () => {
    const pictures = join(folder, 'pictures');
    mkdirSync(pictures);
    const picture = join(pictures, 'a\nb\u202e.jpg');
    copyFileSync(join(root, 'samples/rocket.jpg'), picture);
    const { stdout, status } = mobinet('classify', pictures);
    expect(status).toBe(0);
    expect(stdout).toContain('a\\x0ab\\u202e.jpg  (640 x 427');
    const json = mobinet('classify', pictures, '--json').stdout;
    expect(json).not.toMatch(UNSAFE);
    expect(JSON.parse(json)[0].file).toBe(picture);
  });

  test('the picture of the profile is sound XML, whatever the names are', () => {
    const svg = join(folder, 'profile.svg');
    mobinet('classify', join(root, 'samples/rocket.jpg'), '-m', model, '--profile-picture', svg);
    expect(readFileSync(svg, 'utf8').trimEnd()).not.toMatch(UNSAFE);
  });
});

test('a suggestion stays on its own line', () => {
  const { stderr, status } = mobinet('classify', '--tob', '3');
  expect(status).toBe(2);
  expect(stderr).toContain("error: unknown option '--tob'\n(Did you mean --top?)\n");
});

test('text and JSON', () => {
  expect(safeText('Größe 猫 👍🏽')).toBe('Größe 猫 👍🏽');
  expect(safeText('a\tb\u200f')).toBe('a\\x09b\\u200f');
  // What joins the letters of a script, or of an emoji, stays.
  expect(safeText('می\u200cخواهم 👩\u200d🚀')).toBe('می\u200cخواهم 👩\u200d🚀');
  const value = { [EVIL]: [EVIL, 'é'] };
  expect(JSON.parse(safeJson(value, undefined, 2))).toEqual(value);
});
