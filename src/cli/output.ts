/** Standard output and standard error: everything that the commands write goes through here. */

import { EXIT_UNUSABLE } from './options.ts';
import { safeLines } from './text.ts';

/** Results, to standard output. */
export function print(text: string, end = '\n'): void {
  process.stdout.write(safeLines(text) + end);
}

/** Remarks and errors, to standard error; a line feed is added. */
export function say(text: string): void {
  process.stderr.write(`${safeLines(text)}\n`);
}

/**
 * Ends the program where its results cannot be written: without a word where their reader has seen
 * enough (`mobinet ... | head`), else with a line and exit code 2.
 */
export function endWithOutput(): void {
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') process.exit(0);
    say(`mobinet: Cannot write standard output (${message}) [FILE_UNWRITABLE]`);
    process.exit(EXIT_UNUSABLE);
  });
  // Where nobody reads the remarks the results are still wanted.
  process.stderr.on('error', () => undefined);
}
