import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { parseModelFile, verifyDigest } from '../file/model-file.ts';
import { view } from '../image/view.ts';
import type { Model, Timings } from '../model.ts';
import { decodePicture, enoughFor } from '../node/decode.ts';
import { loadModel, type NodeClassifyOptions, type NodeModel } from '../node/load.ts';
import { writeFileTo } from '../node/write-file.ts';
import { type Classes, openPredictions, type Prediction } from '../predictions.ts';
import type { ThreadWish } from '../runtime/threads.ts';
import { classifyMany } from './classify-many.ts';
import {
  addActivationsOption,
  buildOption,
  EXIT_SOME_FAILED,
  jsonOption,
  limitOption,
  type ModelOptions,
  modelOption,
  parseCount,
  readModel,
  threadsOption,
} from './options.ts';
import { print, say } from './output.ts';
import { STANDARD_INPUT } from './patiently.ts';
import { failureText, type PictureFailure, pictureFailure } from './picture-failure.ts';
import { expandPaths, readList, readPicture } from './picture-files.ts';
import {
  addPictureOptions,
  addPredictionOptions,
  type PictureFlags,
  type PredictionFlags,
  pictureOptionsOf,
  predictionsWanted,
} from './picture-options.ts';
import { profileModel, profileSvg, profileText } from './profile.ts';
import { openProgress } from './progress.ts';
import { bar, milliseconds, percent, safeJson, safeText } from './text.ts';

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

interface ClassifyFlags extends ModelOptions, PredictionFlags, PictureFlags {
  threads: ThreadWish;
  json?: boolean;
  ndjson?: boolean;
  resume?: string;
  inOrder?: boolean;
  jobs: number;
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
      'Says what pictures show. Reads PNG, JPEG, WebP, AVIF, GIF and TIFF, told apart by content; of ' +
        'a folder, all pictures below it; of a glob, all that it matches; of -, one picture from ' +
        'standard input, or with --ndjson a list of paths, a line each or as `find -print0` has them.',
    )
    .argument('<picture...>', 'files, folders, globs, or -')
    .addOption(modelOption())
    .addOption(jsonOption())
    .option('--ndjson', 'write a line of JSON for each picture, on all cores')
    .option('--resume <file>', 'the same to this file: go on where an earlier run was cut off')
    .option('--in-order', 'with --ndjson, in the order of the pictures, not as they are done')
    .option('--jobs <count>', 'with --ndjson, threads', parseCount, availableParallelism())
    .option('--profile', 'then say where the time of the network goes, by layer and by kernel')
    .option('--profile-picture <file.svg>', 'the same as a picture')
    .addOption(threadsOption())
    .addOption(buildOption())
    .addOption(limitOption());
  addPredictionOptions(command);
  addPictureOptions(command);
  addActivationsOption(command)
    .addHelpText(
      'after',
      `
With --json, an array of { file, width, height, predictions: [{ index, label, score }], threads,
timings } or, for a picture that failed, { file, error: { code, message } }. Times are milliseconds.

With --ndjson, a line { file, width, height, predictions } or { file, error } for each picture.
--resume keeps the lines that the file has, passes those pictures over, and appends the others.

Exit code: 0 if all pictures went through, 1 if some failed, 2 if nothing could be done.

Examples:
  $ mobinet classify photo.jpg
  $ mobinet classify --top 1 --json pictures/ > labels.json
  $ mobinet classify --allow 'Egyptian cat' --allow Chihuahua --score-threshold 0.2 pictures/
  $ find photos -name '*.jpg' -print0 | mobinet classify --top 1 --resume labels.ndjson -
  $ mobinet classify --region 0.25,0,0.75,1 --rotate 90 photo.jpg
  $ curl -s https://example.org/cat.webp | mobinet classify -`,
    )
    .action(async (paths: string[], flags: ClassifyFlags) => {
      process.exitCode = await classify(paths, flags);
    });
}

/** Classifies one picture after the other and returns the exit code. */
async function classify(paths: readonly string[], flags: ClassifyFlags): Promise<number> {
  if (flags.ndjson || flags.resume !== undefined) return classifyLines(paths, flags);
  if (paths.filter((path) => path === STANDARD_INPUT).length > 1) {
    throw new InputError('INVALID_OPTION', 'Standard input (-) can be read only once');
  }
  const { activations, build, threads, limit: limits } = flags;
  const loading = { activations, build, threads, limits };
  const model = await loadModel(await readModel(flags), loading);
  const { threadsReason } = model.describe();
  if (threadsReason !== undefined) say(`On one thread: ${safeText(threadsReason)}`);
  const files = await expandPaths(paths);
  const progress = openProgress(files.length, 'pictures');
  const reporter = flags.json ? jsonReporter() : textReporter(files.length);
  const options = optionsOf(flags, model);
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

/** As `classify`, for any number of pictures. */
async function classifyLines(paths: readonly string[], flags: ClassifyFlags): Promise<number> {
  const modelBytes = await readModel(flags);
  await verifyDigest(modelBytes);
  const classes = parseModelFile(modelBytes);
  const options = optionsOf(flags, classes);
  const lists = paths.map((path) => (path === STANDARD_INPUT ? readList() : expandPaths([path])));
  const files = (await Promise.all(lists)).flat();
  const { activations, build, limit: limits } = flags;
  const data = { modelBytes, activations, build, limits, options };
  const failed = await classifyMany(files, data, flags);
  return failed > 0 ? EXIT_SOME_FAILED : 0;
}

/** @throws InputError INVALID_OPTION, before the first picture: it is no fault of one */
function optionsOf(flags: ClassifyFlags, classes: Classes): NodeClassifyOptions {
  const options = {
    ...predictionsWanted(flags, classes.labels.length),
    ...pictureOptionsOf(flags),
  };
  openPredictions(classes, options);
  view({ data: new Uint8Array(3), width: 1, height: 1 }, options);
  return options;
}

/** With `--json` the tables go to standard error, so that standard output stays JSON. */
async function reportProfile(model: NodeModel, flags: ClassifyFlags): Promise<void> {
  const profile = await profileModel(model);
  if (flags.profile) (flags.json ? say : print)(profileText(profile));
  if (flags.profilePicture === undefined) return;
  const title = `${model.name}, build ${model.build}`;
  await writeFileTo(flags.profilePicture, profileSvg(title, profile));
}

/** One file; what is wrong with the picture is a result, too. */
export async function classifyFile(
  model: Pick<Model, 'classify' | 'describe'>,
  file: string,
  options: NodeClassifyOptions,
): Promise<PictureResult | PictureFailure> {
  try {
    const { region, maxPixels, maxBytes } = options;
    const bytes = await readPicture(file, maxBytes);
    const begin = performance.now();
    const picture = await decodePicture(bytes, {
      maxPixels,
      enough: enoughFor(model.describe().preprocessing, region),
    });
    const decode = performance.now() - begin;
    const { predictions, timings, threads } = await model.classify(picture, options);
    const { fileWidth: width, fileHeight: height } = picture;
    const total = decode + timings.total;
    return { file, width, height, predictions, threads, timings: { decode, ...timings, total } };
  } catch (error) {
    return pictureFailure(file, error);
  }
}

/** A JSON array, an element per line, written as it grows. */
function jsonReporter(): Reporter {
  let separator = '[\n';
  const write = (element: PictureResult | PictureFailure) => {
    print(separator + safeJson(element, shortTime), '');
    separator = ',\n';
  };
  return { result: write, failure: write, end: () => print('\n]') };
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
    result: (result) => print(resultText(result)),
    failure(failure) {
      failed++;
      say(failureText(failure));
    },
    end() {
      if (failed > 0 && total > 1) {
        say(`${failed} of ${total} pictures failed`);
      }
    },
  };
}

/** The file's line, then one per label: score, bar, label. */
function resultText({ file, width, height, predictions, timings }: PictureResult): string {
  const name = file === STANDARD_INPUT ? 'standard input' : safeText(file);
  const classified = timings.total - timings.decode;
  const times = `decoded in ${milliseconds(timings.decode)}, classified in ${milliseconds(classified)}`;
  const lines = predictions.map(
    ({ label, score }) => `  ${percent(score)}  ${bar(score, BAR_WIDTH)}  ${safeText(label)}`,
  );
  return [`${name}  (${width} x ${height}, ${times})`, ...lines, ''].join('\n');
}
