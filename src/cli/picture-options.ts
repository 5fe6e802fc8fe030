/** What the commands that look at pictures take: which part, which way up, and which labels. */

import { type Command, InvalidArgumentError } from 'commander';
import type { Region, Rotation, ViewOptions } from '../image/view.ts';
import type { PredictionOptions } from '../predictions.ts';
import { parseCount, parseNumber } from './options.ts';

export interface PredictionFlags {
  top: number | 'all';
  scoreThreshold: number;
  allow?: string[];
  deny?: string[];
}

/** Adds `--region` and `--rotate`. */
export function addViewOptions(command: Command): Command {
  return command
    .option(
      '--region <left,top,right,bottom>',
      'look at this part only, each from 0 to 1 from the top left',
      parseRegion,
    )
    .option(
      '--rotate <degrees>',
      'turn pictures clockwise, after --region: 0, 90, 180 or 270',
      parseRotation,
    );
}

/** Adds `--top`, `--score-threshold`, `--allow` and `--deny`. */
export function addPredictionOptions(command: Command): Command {
  return command
    .option(
      '-t, --top <count>',
      'how many labels to give at most, or all',
      (text) => (text === 'all' ? text : parseCount(text)),
      5,
    )
    .option('--score-threshold <score>', 'only labels of this score, 0 to 1', parseNumber, 0)
    .option('--allow <label>', 'only this label or id (may be given again)', collect)
    .option('--deny <label>', 'not this label or id (may be given again)', collect);
}

export function viewOf({ region, rotate }: ViewOptions): ViewOptions {
  return { region, rotate };
}

/** @param classes of the model: `--top` may be more */
export function predictionsWanted(flags: PredictionFlags, classes: number): PredictionOptions {
  const { top, scoreThreshold, allow, deny } = flags;
  return { topK: top === 'all' ? top : Math.min(top, classes), scoreThreshold, allow, deny };
}

function collect(text: string, before: string[] = []): string[] {
  return [...before, text];
}

function parseRegion(text: string): Region {
  const numbers = text.split(',').map(parseNumber);
  const [left, top, right, bottom] = numbers;
  if (numbers.length === 4) return { left: left!, top: top!, right: right!, bottom: bottom! };
  throw new InvalidArgumentError('Give four numbers: left,top,right,bottom.');
}

function parseRotation(text: string): Rotation {
  const degrees = Number(text);
  if (degrees === 0 || degrees === 90 || degrees === 180 || degrees === 270) return degrees;
  throw new InvalidArgumentError('Give 0, 90, 180 or 270.');
}
