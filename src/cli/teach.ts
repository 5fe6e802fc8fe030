import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { FileError, InputError } from '../errors.ts';
import { loadModel } from '../node/load.ts';
import { writeWholeFile } from '../node/write-file.ts';
import { type Lessons, methodFor, trainHead } from '../teach/head.ts';
import { leaveOneOut } from '../teach/leave-one-out.ts';
import { taughtModel } from '../teach/taught-model.ts';
import {
  buildOption,
  EXIT_SOME_FAILED,
  limitOption,
  type ModelOptions,
  modelOption,
  readModel,
} from './options.ts';
import { print, say } from './output.ts';
import { failureText, pictureFailure } from './picture-failure.ts';
import { foldersIn, picturesBelow, readPicture } from './picture-files.ts';
import { addReadingOptions, pictureOptionsOf, type ReadingFlags } from './picture-options.ts';
import { openProgress } from './progress.ts';
import { safeText, table } from './text.ts';

interface TeachFlags extends Pick<ModelOptions, 'model' | 'build' | 'limit'>, ReadingFlags {
  out: string;
  name?: string;
}

export function addTeach(program: Command): void {
  const command = program
    .command('teach')
    .summary('a model of your own classes, from a few pictures of each')
    .description(
      'Trains the last layer of a model on pictures in class folders, whose names become the labels; ' +
        'the other layers stay as they are. Nearest centroid where a class has 5 pictures or fewer, ' +
        'else logistic regression.',
    )
    .argument('<folder>', 'folder of class folders')
    .requiredOption('-o, --out <file>', 'where the model goes, such as my.safetensors')
    .option('--name <name>', 'of the model (default: that of the folder)')
    .addOption(modelOption())
    .addOption(buildOption())
    .addOption(limitOption());
  addReadingOptions(command)
    .addHelpText(
      'after',
      `
Says how many pictures a head that was trained on all the others gets right, and what is taken for what.

Exit code: 0 if all pictures went through, 1 if some failed, 2 if nothing could be done.

Example:
  $ mobinet teach fruit/ --out fruit.safetensors
  $ mobinet classify --model fruit.safetensors photo.jpg`,
    )
    .action(async (folder: string, flags: TeachFlags) => {
      process.exitCode = await teach(folder, flags);
    });
}

async function teach(folder: string, flags: TeachFlags): Promise<number> {
  const bytes = await readModel(flags);
  const model = await loadModel(bytes, { build: flags.build, limits: flags.limit });
  const { labels, pictures } = await lessonPictures(folder);

  const reading = pictureOptionsOf(flags);
  const seeing = openProgress(pictures.length, 'pictures seen');
  const features: Float32Array[] = [];
  const classes: number[] = [];
  for (const { path, label } of pictures) {
    try {
      features.push(await model.embed(await readPicture(path, reading.maxBytes), reading));
      classes.push(label);
    } catch (error) {
      const failure = pictureFailure(path, error);
      seeing.hide();
      say(failureText(failure));
    }
    seeing.step();
  }
  seeing.stop();
  model.dispose();
  const empty = labels.find((_, label) => !classes.includes(label));
  if (empty !== undefined) {
    throw new FileError('FILE_NOT_FOUND', `No picture of ${empty} in ${folder}`, {
      hint: 'each class takes one picture at least, five are better',
    });
  }

  const lessons: Lessons = { features, classes, classCount: labels.length };
  const method = methodFor(lessons);
  const head = trainHead(lessons, method);
  const checking = openProgress(features.length, 'pictures left out');
  const predicted = leaveOneOut(lessons, method, head, () => checking.step());
  checking.stop();
  const right = predicted.filter((label, i) => label === classes[i]).length;
  const name = flags.name ?? basename(resolve(folder));
  const taught = await taughtModel(bytes, {
    name,
    labels,
    head,
    provenance: {
      method,
      pictures: features.length,
      leaveOneOut: Number((right / features.length).toFixed(4)),
    },
  });
  await writeWholeFile(flags.out, taught);

  const share = ((right / features.length) * 100).toFixed(1);
  const failed = pictures.length - features.length;
  print(
    [
      `${safeText(name)}: ${labels.length} classes, ${features.length} pictures, by ${method}`,
      `leave-one-out accuracy: ${right} of ${features.length}, ${share} %`,
      '',
      confusionTable(labels, classes, predicted),
      '',
      `${safeText(flags.out)}: ${taught.length} bytes`,
    ].join('\n'),
  );
  return failed > 0 ? EXIT_SOME_FAILED : 0;
}

/** @throws FileError FILE_NOT_FOUND, FILE_UNREADABLE; InputError INVALID_OPTION for a single class */
async function lessonPictures(
  folder: string,
): Promise<{ labels: string[]; pictures: { path: string; label: number }[] }> {
  const labels = await foldersIn(folder);
  if (labels.length < 2) {
    throw new InputError('INVALID_OPTION', `${labels.length} class folders in ${folder}`, {
      hint: 'two at least, each with pictures of its class and named by its label',
    });
  }
  const lists = labels.map(async (name, label) =>
    (await picturesBelow(join(folder, name))).map((path) => ({ path, label })),
  );
  return { labels, pictures: (await Promise.all(lists)).flat() };
}

/** A row a class, a column for what its pictures were taken for, by number. */
function confusionTable(
  labels: readonly string[],
  classes: readonly number[],
  predicted: readonly (number | undefined)[],
): string {
  const columns = [
    { title: 'class', align: 'left' as const },
    ...labels.map((_, k) => ({ title: `${k + 1}`, align: 'right' as const })),
  ];
  const rows = labels.map((label, row) => {
    const taken = predicted.filter((_, i) => classes[i] === row);
    const counts = labels.map((_, k) => taken.filter((other) => other === k).length);
    return [`${row + 1} ${label}`, ...counts.map((count) => (count === 0 ? '.' : `${count}`))];
  });
  return table(columns, rows);
}
