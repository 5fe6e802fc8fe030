#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { MobinetError } from '../errors.ts';
import { addClassify } from './classify.ts';
import { addConvert } from './convert.ts';
import { addDescribe } from './describe.ts';
import { addEmbed } from './embed.ts';
import { addEval } from './eval.ts';
import { addExport } from './export.ts';
import { EXIT_UNUSABLE } from './options.ts';
import { addTeach } from './teach.ts';
import { safeText } from './text.ts';

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function safeLines(text: string): string {
  return text.split('\n').map(safeText).join('\n');
}

/** Says what stopped the command; returns the exit code. */
function reportFatal(error: unknown): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_UNUSABLE;
  if (error instanceof MobinetError) {
    process.stderr.write(`mobinet: ${safeText(error.message)} [${error.code}]\n`);
  } else {
    const details = error instanceof Error ? error.stack : String(error);
    process.stderr.write(`mobinet: unexpected error, a bug:\n${safeLines(String(details))}\n`);
  }
  return EXIT_UNUSABLE;
}

// A reader that has seen enough (`mobinet ... | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

const program = new Command('mobinet')
  .description('Binary neural networks in WebAssembly: labels from pictures, offline.')
  .version(version())
  .showHelpAfterError('(--help says more)')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(`${safeText(text.trimEnd())}\n`) })
  .addHelpText(
    'after',
    `
Exit code: 0 ok, 1 some pictures failed, 2 wrong usage or no working model.

Examples:
  $ mobinet classify photo.jpg
  $ mobinet describe
  $ mobinet eval validation-pictures/`,
  );
addClassify(program);
addDescribe(program);
addEval(program);
addEmbed(program);
addConvert(program);
addExport(program);
addTeach(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportFatal(error);
}
