/** Installs what packages/ names, and the package as it would be published, in a folder of their own. */

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
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

export default function install(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'mobinet-platforms-'));
  for (const file of readdirSync(PACKAGES)) copyFileSync(join(PACKAGES, file), join(folder, file));
  const npm = (cwd: string, ...args: string[]) =>
    execFileSync('npm', [...args, '--silent', '--no-fund', '--no-audit'], { cwd });
  npm(folder, 'ci', '--prefer-offline');
  npm(ROOT, 'pack', '--ignore-scripts', '--pack-destination', folder);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
  npm(folder, 'install', '--no-save', '--prefer-offline', `./${tarball}`);
  project.provide('platforms', folder);
  return () => rmSync(folder, { recursive: true });
}
