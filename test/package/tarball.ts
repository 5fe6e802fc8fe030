import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * A folder with the package in its node_modules, out of the tarball that would be published. What it
 * depends on in Node is not there: the browser's path needs none of it.
 */
export function installTarball(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mobinet-package-'));
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
    cwd: ROOT,
  });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
  const target = join(folder, 'node_modules', 'mobinet');
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, tarball), '-C', target, '--strip-components', '1']);
  return folder;
}
