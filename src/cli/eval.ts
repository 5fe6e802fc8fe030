import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { parseModelFile, verifyDigest } from '../file/model-file.ts';
import type { Build } from '../kernels/builds.ts';
import { writeFileTo } from '../node/write-file.ts';
import { chooseBuild, probeFeatures } from '../runtime/features.ts';
import { type LabelledPicture, labelledPictures } from './class-folders.ts';
import { type ClassifyResponse, classifyOnThreads } from './classify-threads.ts';
import {
  addActivationsOption,
  buildOption,
  EXIT_SOME_FAILED,
  jsonOption,
  limitOption,
  type ModelOptions,
  modelOption,
  readModel,
} from './options.ts';
import { print, say } from './output.ts';
import { failureText, type PictureFailure } from './picture-failure.ts';
import { addReadingOptions, pictureOptionsOf, type ReadingFlags } from './picture-options.ts';
import { openProgress } from './progress.ts';
import { CHANGE_NAMES, type Change, type Steadiness, steadinessOf } from './steadiness.ts';
import { safeJson, table } from './text.ts';

interface EvalFlags extends ModelOptions, ReadingFlags {
  predictions?: string;
  steadiness?: boolean;
  json?: boolean;
}

/** What `eval --json` writes. */
export interface Evaluation {
  readonly model: string;
  readonly build: Build;
  readonly folder: string;
  /** Class folders. */
  readonly classes: number;
  /** All pictures found, those that failed included. */
  readonly pictures: number;
  readonly failed: number;
  /** Fractions (0..1) of the pictures that did not fail. */
  readonly top1: number;
  readonly top5: number;
  /** With `--steadiness`: fractions of them whose label a change that nobody sees changes. */
  readonly steadiness?: Steadiness;
  /** Wall-clock time, from starting the threads to the last picture. */
  readonly seconds: number;
  readonly picturesPerSecond: number;
  readonly threads: number;
  readonly failures: readonly PictureFailure[];
}

/** A line of `--predictions`; classes are indices. */
type PredictionRecord = { readonly file: string; readonly expected: number } & (
  | { readonly predicted: number; readonly score: number; readonly top5: readonly number[] }
  | { readonly error: PictureFailure['error'] }
);

const TOP = 5;

export function addEval(program: Command): void {
  const command = program
    .command('eval')
    .summary('accuracy on a folder of pictures')
    .description(
      'Measures top-1 and top-5 on pictures in class folders, each named by the identifier that ' +
        'the model has for the class (such as n02124075). Uses all cores.',
    )
    .argument('<folder>', 'folder of class folders')
    .addOption(modelOption())
    .option('--predictions <file>', 'write what was predicted for each picture, .csv or .json')
    .option('--steadiness', 'count as well how many labels noise, a shift and JPEG change')
    .addOption(jsonOption())
    .addOption(buildOption())
    .addOption(limitOption());
  addReadingOptions(command);
  addActivationsOption(command)
    .addHelpText(
      'after',
      `
With --json, { model, build, folder, classes, pictures, failed, top1, top5, seconds,
picturesPerSecond, threads, failures: [{ file, error: { code, message } }] }; top1 and top5 are
fractions of the pictures that did not fail.
With --steadiness, steadiness: { noise, shift, jpeg } as well, fractions of labels that are others
when what the network sees, after resize and crop, has noise of one grey level, is a pixel to the
right, or has been a JPEG of quality 90.
The file of --predictions has { file, expected, predicted, score, top5 } (.json) or the first four
(.csv), classes as indices.

Exit code: 0 if all pictures went through, 1 if some failed, 2 if nothing could be done.

Examples:
  $ mobinet eval val/
  $ mobinet eval val/ --model my-model.safetensors --predictions val.csv`,
    )
    .action(async (folder: string, flags: EvalFlags) => {
      process.exitCode = await evaluate(folder, flags);
    });
}

/** Evaluates, writes the report and returns the exit code. */
async function evaluate(folder: string, flags: EvalFlags): Promise<number> {
  const format = flags.predictions === undefined ? undefined : recordFormat(flags.predictions);
  const modelBytes = await readModel(flags);
  await verifyDigest(modelBytes);
  const { name, labels, labelIds } = parseModelFile(modelBytes);
  const build = chooseBuild(probeFeatures(), flags.build);
  const pictures = await labelledPictures(folder, labelIds ?? labels);

  const threads = Math.min(availableParallelism(), pictures.length);
  const progress = openProgress(pictures.length, 'pictures');
  const records = new Array<PredictionRecord>(pictures.length);
  const changed: (readonly Change[])[] = [];
  const begin = performance.now();
  let right = 0;
  let done = 0;
  await classifyOnThreads(
    pictures.map(({ path }) => path),
    {
      modelBytes,
      activations: flags.activations,
      build,
      limits: flags.limit,
      options: { topK: Math.min(TOP, labels.length), ...pictureOptionsOf(flags) },
      steadiness: flags.steadiness ?? false,
    },
    threads,
    (response) => {
      const record = recordOf(pictures[response.index]!, response);
      records[response.index] = record;
      if (response.changes !== undefined) changed.push(response.changes);
      if (isRight(record, 1)) right++;
      done++;
      progress.step(`top-1 ${((right / done) * 100).toFixed(1)} %`);
    },
  ).finally(() => progress.stop());
  const seconds = (performance.now() - begin) / 1000;

  if (format !== undefined) await writeFileTo(flags.predictions!, format(records));
  const failures = records.flatMap((record) =>
    'error' in record ? [{ file: record.file, error: record.error }] : [],
  );
  const sound = records.length - failures.length;
  const share = (top: number) =>
    sound === 0 ? 0 : records.filter((record) => isRight(record, top)).length / sound;
  const evaluation: Evaluation = {
    model: name,
    build,
    folder,
    classes: new Set(pictures.map(({ expected }) => expected)).size,
    pictures: records.length,
    failed: failures.length,
    top1: share(1),
    top5: share(TOP),
    ...(flags.steadiness ? { steadiness: steadinessOf(changed) } : {}),
    seconds: Number(seconds.toFixed(3)),
    picturesPerSecond: Number((records.length / seconds).toFixed(1)),
    threads,
    failures,
  };
  for (const failure of flags.json ? [] : failures) say(failureText(failure));
  print(flags.json ? safeJson(evaluation, undefined, 2) : evaluationText(evaluation));
  return failures.length > 0 ? EXIT_SOME_FAILED : 0;
}

function recordOf(
  { file, expected }: LabelledPicture,
  response: ClassifyResponse,
): PredictionRecord {
  if ('error' in response) return { file, expected, error: response.error };
  const top5 = response.predictions.map(({ index }) => index);
  const { index, score } = response.predictions[0]!;
  return { file, expected, predicted: index, score, top5 };
}

/** Whether the expected class is among the first `top` predicted. */
function isRight(record: PredictionRecord, top: number): boolean {
  return 'top5' in record && record.top5.slice(0, top).includes(record.expected);
}

/** How to write records to a file of this name. */
function recordFormat(path: string): (records: readonly PredictionRecord[]) => string {
  switch (extname(path).toLowerCase()) {
    case '.json':
      return (records) => `[\n${records.map((record) => safeJson(record)).join(',\n')}\n]\n`;
    case '.csv':
      return (records) => ['file,expected,predicted,score', ...records.map(csvLine), ''].join('\n');
    default:
      throw new InputError('INVALID_OPTION', `--predictions ${path}`, {
        hint: 'the name must end in .csv or .json',
      });
  }
}

/** A picture that failed has no prediction and no score. */
function csvLine(record: PredictionRecord): string {
  const file = /[",\r\n]/.test(record.file)
    ? `"${record.file.replaceAll('"', '""')}"`
    : record.file;
  const [predicted, score] = 'error' in record ? ['', ''] : [record.predicted, record.score];
  return [file, record.expected, predicted, score].join(',');
}

function evaluationText(evaluation: Evaluation): string {
  const { model, build, pictures, classes, failed, top1, top5 } = evaluation;
  const { seconds, picturesPerSecond, threads, steadiness } = evaluation;
  const failures = failed > 0 ? `, ${failed} failed` : '';
  const columns = [
    { title: 'model', align: 'left' },
    { title: `${model} (${build} build)`, align: 'left' },
  ] as const;
  return table(columns, [
    ['pictures', `${pictures} in ${classes} classes${failures}`],
    ['top-1', `${(top1 * 100).toFixed(2)} %`],
    ['top-5', `${(top5 * 100).toFixed(2)} %`],
    ...Object.entries(steadiness ?? {}).map(([change, part]) => [
      'labels changed',
      `${(part * 100).toFixed(2)} % by ${CHANGE_NAMES[change as Change]}`,
    ]),
    [
      'speed',
      `${picturesPerSecond.toFixed(0)} pictures/s with ${threads} threads, ${seconds.toFixed(1)} s`,
    ],
  ]);
}
