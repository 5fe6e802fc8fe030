/** Rows of docs/platforms.md: what tests hand to matrix.ts, which writes them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestRunner } from 'vitest';
import { ROOT } from '../package/tarball.ts';

export type Kind = 'Servers and scripts' | 'Bundlers and frameworks' | 'Pages';

export interface Row {
  readonly kind: Kind;
  /** The engine or tool, with its version. */
  readonly setUp: string;
  readonly ran: string;
  /** What had to be set for mobinet. */
  readonly configuration: string;
  /** What came of it, in the words of the program that ran. */
  readonly result?: string;
}

declare module 'vitest' {
  interface TaskMeta {
    row?: Row;
  }
}

/** Says that the running test is a row, and what came of it so far. */
export function row(row: Row): void {
  TestRunner.getCurrentTest()!.meta.row = row;
}

/** Of a package below a folder's node_modules. */
export function versionOf(name: string, folder: string = ROOT): string {
  const file = join(folder, 'node_modules', name, 'package.json');
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
