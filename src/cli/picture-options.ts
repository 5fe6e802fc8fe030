/** What the commands that look at pictures take: how they are read and seen, and which labels. */

import { type Command, InvalidArgumentError } from 'commander';
import type { Background } from '../image/compose.ts';
import type { Region, Rotation, ViewOptions } from '../image/view.ts';
import type { PictureOptions } from '../model.ts';
import type { ReadOptions } from '../node/load.ts';
import type { PredictionOptions } from '../predictions.ts';
import { parseCount, parseNumber } from './options.ts';

export interface PredictionFlags {
  top: number | 'all';
  scoreThreshold: number;
  allow?: string[];
  deny?: string[];
}

/** How pictures are read. */
export interface ReadingFlags {
  background?: Background | 'none';
  maxPixels?: number;
  maxBytes?: number;
}

/** How pictures are read and seen. */
export interface PictureFlags extends ReadingFlags, ViewOptions {}

/** Adds `--background`, `--max-pixels` and `--max-bytes`. */
export function addReadingOptions(command: Command): Command {
  return command
    .option(
      '--background <colour>',
      'under transparent pictures: #rrggbb, or none (default: #ffffff)',
      parseBackground,
    )
    .option('--max-pixels <count>', 'refuse larger pictures (default: 268435456)', parseCount)
    .option('--max-bytes <count>', 'refuse larger files (default: 268435456)', parseCount);
}

/** Adds those, `--region` and `--rotate`. */
export function addPictureOptions(command: Command): Command {
  return addReadingOptions(command)
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

export function pictureOptionsOf(flags: PictureFlags): PictureOptions & ReadOptions {
  const { region, rotate, background, maxPixels, maxBytes } = flags;
  return { region, rotate, background, maxPixels, maxBytes };
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

function parseBackground(text: string): Background | 'none' {
  if (text === 'none') return text;
  // As CSS has it, where one digit stands for two.
  const digits = /^#?(?:([0-9a-f]{6})|([0-9a-f]{3}))$/i.exec(text);
  if (!digits) throw new InvalidArgumentError('Give a colour such as #ffffff, or none.');
  const [, six, three = ''] = digits;
  const hex = six ?? [...three].map((digit) => digit + digit).join('');
  const level = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return [level(0), level(2), level(4)];
}

function parseRotation(text: string): Rotation {
  const degrees = Number(text);
  if (degrees === 0 || degrees === 90 || degrees === 180 || degrees === 270) return degrees;
  throw new InvalidArgumentError('Give 0, 90, 180 or 270.');
}
