import type { Command } from 'commander';
import { loadModel, type NodeEmbedOptions, type NodeModel } from '../node/load.ts';
import {
  addActivationsOption,
  buildOption,
  EXIT_SOME_FAILED,
  limitOption,
  type ModelOptions,
  modelOption,
  readModel,
} from './options.ts';
import { print } from './output.ts';
import { type PictureFailure, pictureFailure } from './picture-failure.ts';
import { expandPaths, readPicture } from './picture-files.ts';
import { addPictureOptions, type PictureFlags, pictureOptionsOf } from './picture-options.ts';
import { openProgress } from './progress.ts';
import { safeJson } from './text.ts';

interface EmbedFlags extends ModelOptions, PictureFlags {
  l2Normalize?: boolean;
}

export function addEmbed(program: Command): void {
  const command = program
    .command('embed')
    .summary('feature vectors of pictures')
    .description(
      'Writes the feature vector of each picture, a line of JSON each: { file, features } or, for a ' +
        'picture that failed, { file, error: { code, message } }. Alike pictures have vectors of a ' +
        'small angle.',
    )
    .argument('<picture...>', 'files, folders, globs, or -')
    .addOption(modelOption())
    .option('--l2-normalize', 'scale each vector to length 1')
    .addOption(buildOption())
    .addOption(limitOption());
  addPictureOptions(command);
  addActivationsOption(command)
    .addHelpText(
      'after',
      `
Exit code: 0 if all pictures went through, 1 if some failed, 2 if nothing could be done.

Example:
  $ mobinet embed --l2-normalize pictures/ > features.ndjson`,
    )
    .action(async (paths: string[], flags: EmbedFlags) => {
      process.exitCode = await embed(paths, flags);
    });
}

async function embed(paths: readonly string[], flags: EmbedFlags): Promise<number> {
  const { activations, build, limit: limits, l2Normalize } = flags;
  const model = await loadModel(await readModel(flags), { activations, build, limits });
  const files = await expandPaths(paths);
  const progress = openProgress(files.length, 'pictures');
  let failed = 0;
  for (const file of files) {
    const result = await embedFile(model, file, { l2Normalize, ...pictureOptionsOf(flags) });
    if ('error' in result) failed++;
    progress.hide();
    print(safeJson(result));
    progress.step();
  }
  progress.stop();
  model.dispose();
  return failed > 0 ? EXIT_SOME_FAILED : 0;
}

/** One file; what is wrong with the picture is a result, too. */
async function embedFile(
  model: NodeModel,
  file: string,
  options: NodeEmbedOptions,
): Promise<{ file: string; features: number[] } | PictureFailure> {
  try {
    return {
      file,
      features: [...(await model.embed(await readPicture(file, options.maxBytes), options))],
    };
  } catch (error) {
    return pictureFailure(file, error);
  }
}
