#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { MobinetError } from '../errors.ts';
import { programArguments } from './arguments.ts';
import { addClassify } from './classify.ts';
import { addConvert } from './convert.ts';
import { addDescribe } from './describe.ts';
import { addEmbed } from './embed.ts';
import { addEval } from './eval.ts';
import { addExport } from './export.ts';
import { EXIT_UNUSABLE } from './options.ts';
import { endWithOutput, say } from './output.ts';
import { addTeach } from './teach.ts';
import { safeText } from './text.ts';

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Commander's message on one line, its suggestion on another. */
function usageText(text: string): string {
  const [, message, suggestion = ''] = /^(.*?)(\n\(Did you mean [^\n]*\?\))?$/s.exec(
    text.trimEnd(),
  )!;
  return safeText(message!) + suggestion;
}

/** Says what stopped the command; returns the exit code. */
function reportFatal(error: unknown): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_UNUSABLE;
  if (error instanceof MobinetError) {
    say(`mobinet: ${safeText(error.message)} [${error.code}]`);
  } else {
    const details = error instanceof Error ? error.stack : String(error);
    say(`mobinet: unexpected error, a bug:\n${details}`);
  }
  return EXIT_UNUSABLE;
}

endWithOutput();
process.on('uncaughtException', (error) => process.exit(reportFatal(error)));

const program = new Command('mobinet')
  .description('Binary neural networks in WebAssembly: labels from pictures, offline.')
  .version(version())
  .showHelpAfterError('(--help says more)')
  .exitOverride()
  .configureOutput({ outputError: (text) => say(usageText(text)) })
  .addHelpText(
    'after',
    `
Exit code: 0 ok, also where the reader of a pipe has seen enough; 1 some pictures failed, the others
went through; 2 wrong usage, no working model, or results that cannot be written.

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
  await program.parseAsync(programArguments(), { from: 'user' });
} catch (error) {
  process.exitCode = reportFatal(error);
}
