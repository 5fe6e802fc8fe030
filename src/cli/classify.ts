import type { Command } from 'commander';
import { type ErrorCode, FileError, InputError } from '../errors.ts';
import { checkView, type ViewOptions } from '../image/view.ts';
import type { ClassifyOptions, Model, Timings } from '../model.ts';
import { decodePicture, enoughFor } from '../node/decode.ts';
import { loadModel, type NodeModel } from '../node/load.ts';
import { openPredictions, type Prediction } from '../predictions.ts';
import type { ThreadWish } from '../runtime/threads.ts';
import {
  addActivationsOption,
  buildOption,
  EXIT_SOME_FAILED,
  jsonOption,
  type ModelOptions,
  modelOption,
  readModel,
  threadsOption,
} from './options.ts';
import { expandPaths, readPicture, STANDARD_INPUT } from './picture-files.ts';
import {
  addPredictionOptions,
  addViewOptions,
  type PredictionFlags,
  predictionsWanted,
  viewOf,
} from './picture-options.ts';
import { profileModel, profileSvg, profileText } from './profile.ts';
import { openProgress } from './progress.ts';
import { bar, milliseconds, percent } from './text.ts';
import { writeTextFile } from './write-file.ts';

/** One picture that went through, as `--json` has it. */
export interface PictureResult {
  readonly file: string;
  /** In pixels, upright. */
  readonly width: number;
  readonly height: number;
  readonly predictions: readonly Prediction[];
  /** That ran the network. */
  readonly threads: number;
  /** In milliseconds; `total` is the sum. */
  readonly timings: Timings & { readonly decode: number };
}

/** One that did not. */
export interface PictureFailure {
  readonly file: string;
  readonly error: { readonly code: ErrorCode; readonly message: string };
}

interface ClassifyFlags extends ModelOptions, PredictionFlags, ViewOptions {
  threads: ThreadWish;
  json?: boolean;
  profile?: boolean;
  profilePicture?: string;
}

/** Where results go, one by one. */
interface Reporter {
  readonly result: (result: PictureResult) => void;
  readonly failure: (failure: PictureFailure) => void;
  readonly end: () => void;
}

const BAR_WIDTH = 24;

export function addClassify(program: Command): void {
  const command = program
    .command('classify')
    .summary('labels for pictures')
    .description(
      'Says what pictures show. Reads PNG, JPEG and WebP, told apart by content; of a folder, all ' +
        'pictures below it; of -, one picture from standard input.',
    )
    .argument('<picture...>', 'files, folders, or -')
    .addOption(modelOption())
    .addOption(jsonOption())
    .option('--profile', 'then say where the time of the network goes, by layer and by kernel')
    .option('--profile-picture <file.svg>', 'the same as a picture')
    .addOption(threadsOption())
    .addOption(buildOption());
  addPredictionOptions(command);
  addViewOptions(command);
  addActivationsOption(command)
    .addHelpText(
      'after',
      `
With --json, an array of { file, width, height, predictions: [{ index, label, score }], threads,
timings } or, for a picture that failed, { file, error: { code, message } }. Times are milliseconds.

Exit code: 0 if all pictures went through, 1 if some failed, 2 if nothing could be done.

Examples:
  $ mobinet classify photo.jpg
  $ mobinet classify --top 1 --json pictures/ > labels.json
  $ mobinet classify --allow 'Egyptian cat' --allow Chihuahua --score-threshold 0.2 pictures/
  $ mobinet classify --region 0.25,0,0.75,1 --rotate 90 photo.jpg
  $ curl -s https://example.org/cat.webp | mobinet classify -`,
    )
    .action(async (paths: string[], flags: ClassifyFlags) => {
      process.exitCode = await classify(paths, flags);
    });
}

/** Classifies one picture after the other and returns the exit code. */
async function classify(paths: readonly string[], flags: ClassifyFlags): Promise<number> {
  if (paths.filter((path) => path === STANDARD_INPUT).length > 1) {
    throw new InputError('INVALID_OPTION', 'Standard input (-) can be read only once');
  }
  const { activations, build, threads } = flags;
  const model = await loadModel(await readModel(flags.model), { activations, build, threads });
  const { threadsReason } = model.describe();
  if (threadsReason !== undefined) process.stderr.write(`On one thread: ${threadsReason}\n`);
  const files = await expandPaths(paths);
  const progress = openProgress(files.length, 'pictures');
  const reporter = flags.json ? jsonReporter() : textReporter(files.length);
  const options = { ...predictionsWanted(flags, model.labels.length), ...viewOf(flags) };
  // Before the first picture, which a wrong option is no fault of.
  openPredictions(model, options);
  checkView(options);
  let failed = 0;
  for (const file of files) {
    const result = await classifyFile(model, file, options);
    progress.hide();
    if ('error' in result) {
      failed++;
      reporter.failure(result);
    } else {
      reporter.result(result);
    }
    progress.step();
  }
  progress.stop();
  reporter.end();
  if (flags.profile || flags.profilePicture !== undefined) await reportProfile(model, flags);
  model.dispose();
  return failed > 0 ? EXIT_SOME_FAILED : 0;
}

/** With `--json` the tables go to standard error, so that standard output stays JSON. */
async function reportProfile(model: NodeModel, flags: ClassifyFlags): Promise<void> {
  const profile = await profileModel(model);
  if (flags.profile) (flags.json ? process.stderr : process.stdout).write(profileText(profile));
  if (flags.profilePicture === undefined) return;
  const title = `${model.name}, build ${model.build}`;
  await writeTextFile(flags.profilePicture, profileSvg(title, profile));
}

/** One file; what is wrong with the picture is a result, too. */
export async function classifyFile(
  model: Pick<Model, 'classify' | 'describe'>,
  file: string,
  options: ClassifyOptions,
): Promise<PictureResult | PictureFailure> {
  try {
    const bytes = await readPicture(file);
    const begin = performance.now();
    const picture = await decodePicture(bytes, {
      enough: enoughFor(model.describe().preprocessing, options.region),
    });
    const decode = performance.now() - begin;
    const { predictions, timings, threads } = await model.classify(picture, options);
    const { fileWidth: width, fileHeight: height } = picture;
    const total = decode + timings.total;
    return { file, width, height, predictions, threads, timings: { decode, ...timings, total } };
  } catch (error) {
    // Anything else is no fault of the picture.
    if (!(error instanceof InputError || error instanceof FileError)) throw error;
    return { file, error: { code: error.code, message: error.message } };
  }
}

/** A JSON array, an element per line, written as it grows. */
function jsonReporter(): Reporter {
  let separator = '[\n';
  const write = (element: PictureResult | PictureFailure) => {
    process.stdout.write(separator + JSON.stringify(element, shortTime));
    separator = ',\n';
  };
  return { result: write, failure: write, end: () => process.stdout.write('\n]\n') };
}

/** A replacer that gives times to the microsecond. */
function shortTime(key: string, value: unknown): unknown {
  if (key !== 'timings') return value;
  const times = Object.entries(value as Record<string, number>);
  return Object.fromEntries(times.map(([name, time]) => [name, Number(time.toFixed(3))]));
}

/** Labels to standard output, what failed to standard error. */
function textReporter(total: number): Reporter {
  let failed = 0;
  return {
    result: (result) => process.stdout.write(`${resultText(result)}\n`),
    failure({ file, error }) {
      failed++;
      process.stderr.write(`${file}: ${error.message} [${error.code}]\n`);
    },
    end() {
      if (failed > 0 && total > 1) {
        process.stderr.write(`${failed} of ${total} pictures failed\n`);
      }
    },
  };
}

/** The file's line, then one per label: score, bar, label. */
function resultText({ file, width, height, predictions, timings }: PictureResult): string {
  const name = file === STANDARD_INPUT ? 'standard input' : file;
  const classified = timings.total - timings.decode;
  const times = `decoded in ${milliseconds(timings.decode)}, classified in ${milliseconds(classified)}`;
  const lines = predictions.map(
    ({ label, score }) => `  ${percent(score)}  ${bar(score, BAR_WIDTH)}  ${label}`,
  );
  return [`${name}  (${width} x ${height}, ${times})`, ...lines, ''].join('\n');
}
