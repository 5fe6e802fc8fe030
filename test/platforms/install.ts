/**
 * Installs what packages/ names and, as it would be published, the package, in a folder of their own. Since
 * that is a gigabyte, the folder stays for the next run, which only brings its package.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { ROOT } from '../package/tarball.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** With `node_modules`. */
    platforms: string;
  }
}

const PACKAGES = fileURLToPath(new URL('./packages/', import.meta.url));

function npm(cwd: string, ...args: string[]): void {
  execFileSync('npm', [...args, '--silent', '--no-fund', '--no-audit'], { cwd });
}

export default function install(project: TestProject): void {
  const lock = readFileSync(join(PACKAGES, 'package-lock.json'));
  const id = createHash('sha256').update(lock).digest('hex').slice(0, 8);
  const folder = join(tmpdir(), `mobinet-platforms-${id}`);
  const target = join(folder, 'node_modules/mobinet');
  const isInstalled = existsSync(target);
  if (!isInstalled) {
    rmSync(folder, { recursive: true, force: true });
    cpSync(PACKAGES, folder, { recursive: true });
    npm(folder, 'ci', '--prefer-offline');
  }
  npm(ROOT, 'pack', '--ignore-scripts', '--pack-destination', folder);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
  if (isInstalled) {
    rmSync(target, { recursive: true });
    mkdirSync(target);
    const args = ['-xzf', join(folder, tarball), '-C', target, '--strip-components', '1'];
    execFileSync('tar', args);
  } else {
    npm(folder, 'install', '--no-save', '--prefer-offline', `./${tarball}`);
  }
  project.provide('platforms', folder);
}
