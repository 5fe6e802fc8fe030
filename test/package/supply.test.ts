import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { strangers } from '../../build/licences.js';
import { wasmFiles } from '../../src/kernels/builds.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'));

describe('licences', () => {
  test.each(['package-lock.json', 'docs/package-lock.json'])('of %s: all allowed', (file) => {
    expect(strangers(read(file))).toEqual([]);
  });

  test.each([
    ['MIT', []],
    ['MIT OR GPL-3.0', []],
    ['(MIT OR Apache-2.0)', []],
    ['MIT AND GPL-3.0', ['x: MIT AND GPL-3.0']],
    ['LGPL-3.0-or-later', ['x: LGPL-3.0-or-later']],
    [undefined, ['x: none']],
  ])('%s', (license, expected) => {
    const entry = license === undefined ? {} : { license };
    expect(strangers({ packages: { 'node_modules/a/node_modules/x': entry } })).toEqual(expected);
  });
});

test('what is published says where it was built', () => {
  expect(read('package.json').publishConfig).toEqual({ access: 'public', provenance: true });
});

test('nothing that is installed with the package runs a script', () => {
  const { packages } = read('package-lock.json');
  const scripts = Object.entries<Record<string, unknown>>(packages)
    .filter(([, entry]) => entry.hasInstallScript && !entry.dev && !entry.devOptional)
    .map(([path]) => path);
  expect(scripts).toEqual([]);
});

test('the kernels compiled in another folder are the same bytes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mobinet-reproducible-'));
  try {
    for (const path of ['assembly', 'build', 'src/kernels', 'package.json']) {
      cpSync(join(root, path), join(folder, path), { recursive: true });
    }
    mkdirSync(join(folder, 'dist'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    execFileSync(process.execPath, ['build/kernels.js'], { cwd: folder });
    const compiled = readdirSync(join(folder, 'dist'));
    expect(compiled.sort()).toEqual(wasmFiles().sort());
    for (const file of compiled) {
      const [there, here] = [folder, root].map((at) => readFileSync(join(at, 'dist', file)));
      expect(there!.equals(here!), file).toBe(true);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 300_000);
