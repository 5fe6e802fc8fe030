/** From scores to the predictions that are asked for. */

import { invalidOption } from './errors.ts';
import { topK as best } from './top-k.ts';

/** One label with its score. */
export interface Prediction {
  /** Class index, from 0. */
  readonly index: number;
  readonly label: string;
  /** Softmax probability, 0..1. */
  readonly score: number;
}

/** Which predictions are wanted. Scores are of all classes, whichever are wanted. */
export interface PredictionOptions {
  /** How many at most, 1 to the number of classes, or `all`; default 5, or all where fewer. */
  topK?: number | 'all' | undefined;
  /** Only those of at least this score, 0 to 1; there may be none. Default 0. */
  scoreThreshold?: number | undefined;
  /** Only these classes, by label or by identifier (`labelIds`); default all. */
  allow?: readonly string[] | undefined;
  /** Not these classes, by label or by identifier, even where they are allowed; default none. */
  deny?: readonly string[] | undefined;
}

/** The classes of a model. */
export interface Classes {
  readonly labels: readonly string[];
  readonly labelIds: readonly string[] | undefined;
}

const DEFAULT_TOP_K = 5;

/**
 * Makes the predictions that the options ask for of the scores of all classes.
 * @returns highest score first; equal scores in order of index
 * @throws InputError INVALID_OPTION, before any score is there
 */
export function openPredictions(
  { labels, labelIds }: Classes,
  {
    topK = Math.min(DEFAULT_TOP_K, labels.length),
    scoreThreshold = 0,
    allow,
    deny = [],
  }: PredictionOptions,
): (scores: Float32Array) => Prediction[] {
  const count = labels.length;
  const k = topK === 'all' ? count : topK;
  if (!(Number.isInteger(k) && k >= 1 && k <= count)) {
    throw invalidOption('topK', topK, `a whole number from 1 to ${count}`);
  }
  if (!(Number.isFinite(scoreThreshold) && scoreThreshold >= 0 && scoreThreshold <= 1)) {
    throw invalidOption('scoreThreshold', scoreThreshold, 'a number from 0 to 1');
  }
  for (const [option, names] of Object.entries({ allow: allow ?? [], deny })) {
    if (!Array.isArray(names)) throw invalidOption(option, names, 'an array of labels or ids');
  }
  const ids = labelIds ?? labels;
  for (const name of [...(allow ?? []), ...deny]) {
    if (labels.includes(name) || ids.includes(name)) continue;
    throw invalidOption('allow or deny', name, `a label or id, such as ${labels[0]}`);
  }
  const isIn = (names: readonly string[], index: number) =>
    names.includes(labels[index]!) || names.includes(ids[index]!);
  // What is not wanted becomes NaN: it comes last, and is not at least any threshold.
  const wanted = (score: number, index: number) =>
    (allow && !isIn(allow, index)) || isIn(deny, index) ? Number.NaN : score;
  return (scores) =>
    best(scores.map(wanted), k)
      .filter(({ score }) => score >= scoreThreshold)
      .map(({ index, score }) => ({ index, label: labels[index]!, score }));
}
