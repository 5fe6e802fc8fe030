/** What several commands take, and how it is checked. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { FileError } from '../errors.ts';
import type { ActivationsWish } from '../graph/activations.ts';
import { BUILDS, type Build } from '../kernels/builds.ts';
import { readModelFile } from '../node/read-file.ts';
import { isShippedModel, SHIPPED_MODEL_NAMES, shippedModelUrl } from '../node/shipped-models.ts';
import { DEFAULT_LIMITS, type Limits } from '../plan/budget.ts';
import { MOST_THREADS } from '../runtime/threads.ts';
import { patiently } from './patiently.ts';

/** Some pictures failed, the rest went through. */
export const EXIT_SOME_FAILED = 1;
/** The command was used wrongly, or there is no working model. */
export const EXIT_UNUSABLE = 2;

export interface ModelOptions {
  /** Path of a model file, or the name of one that comes with the package. */
  model?: string;
  build: Build | 'auto';
  activations: ActivationsWish;
  limit?: Limits;
}

export function modelOption(): Option {
  const names = SHIPPED_MODEL_NAMES.join(', ');
  return new Option(
    '-m, --model <file>',
    `model file, or one that comes with mobinet: ${names} (default: ${SHIPPED_MODEL_NAMES[0]})`,
  );
}

export function buildOption(): Option {
  return new Option('--build <build>', 'WebAssembly kernels: the fastest that the engine takes, or')
    .choices(['auto', ...BUILDS])
    .default('auto');
}

const LIMIT_NAMES = Object.keys(DEFAULT_LIMITS);

export function limitOption(): Option {
  return new Option(
    '--limit <name=count>',
    `how much the model may take of ${LIMIT_NAMES.join(', ')} (may be given again)`,
  ).argParser((text: string, before: Limits = {}): Limits => {
    const [name = '', count = ''] = text.split('=');
    if (LIMIT_NAMES.includes(name)) return { ...before, [name]: parseCount(count) };
    throw new InvalidArgumentError(`Give one of ${LIMIT_NAMES.join(', ')}, and =count.`);
  });
}

export function threadsOption(): Option {
  return new Option('--threads <count>', `threads of the network, 1 to ${MOST_THREADS}, or auto`)
    .argParser((text) => (text === 'auto' ? text : parseCount(text)))
    .default(1);
}

/** Adds `--activations`, and `--stream`, its earlier name. */
export function addActivationsOption(command: Command): Command {
  const activations = new Option(
    '--activations <type>',
    'of the feature maps: as the model says, or',
  )
    .choices(['model', 'float32', 'int16'])
    .default('model');
  const stream = new Option('--stream <type>').choices(['model', 'float32']).hideHelp();
  return command
    .addOption(activations)
    .addOption(stream)
    .on('option:stream', (type: string) => command.setOptionValue('activations', type));
}

export function jsonOption(): Option {
  return new Option('--json', 'write JSON');
}

/** A parser of options that are whole numbers, at least 1. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError('Give a whole number, at least 1.');
}

/** A parser of options that are numbers. */
export function parseNumber(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('Give a number.');
}

/**
 * The bytes of the model asked for.
 * @param model path of a file, or the name of one that comes with the package
 * @throws FileError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_TOO_LARGE; ModelFormatError NOT_A_MODEL
 */
export async function readModel({
  model,
  limit: limits,
}: {
  model?: string | undefined;
  limit?: Limits | undefined;
}): Promise<Uint8Array<ArrayBuffer>> {
  if (model !== undefined && !isShippedModel(model)) {
    return patiently(model, readModelFile(model, { limits }));
  }
  try {
    return await readModelFile(shippedModelUrl(model), { limits });
  } catch (cause) {
    throw new FileError('FILE_NOT_FOUND', 'The model that comes with mobinet is not there', {
      cause,
      hint: 'install mobinet again, or name one with --model',
    });
  }
}
