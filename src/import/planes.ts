/** Step functions as sums of signs, and what becomes of torch's sign(0). */

import { add, type Emitter, floats } from './emitter.ts';
import type { ConvLayer, Layer } from './layers.ts';
import { type Steps, stepsOf, tieLevel, withoutTie } from './steps.ts';

/** One sign of a sum of them: threshold, half the step there, and what a tap outside counts. */
export interface Plane {
  readonly threshold: number;
  readonly half: number;
  readonly paddingValue: number;
}

/** A step function as offset + sum of half x sign; undefined where its padding fits no sign. */
export function planesOf(
  { breaks, levels }: Steps,
  { padding, paddingValue }: Pick<ConvLayer, 'padding' | 'paddingValue'>,
): { planes: Plane[]; offset: number } | undefined {
  if (breaks.length === 0) return undefined;
  const halves = breaks.map((_, at) => (levels[at + 1]! - levels[at]!) / 2);
  const offset = halves.reduce((sum, half) => sum + half, levels[0]!);
  const none = padding.every((side) => side === 0);
  const near = (x: number) =>
    Math.abs(x - paddingValue) <= 1e-6 * Math.abs(levels.at(-1)! - levels[0]!);
  const level = levels.findIndex(near);
  if (!none && !near(offset) && level < 0) return undefined;
  const planes = breaks.map((threshold, at) => ({
    threshold,
    half: halves[at]!,
    paddingValue: none || near(offset) ? 0 : at < level ? 1 : -1,
  }));
  return { planes, offset };
}

/**
 * Where a level is taken by a single number only, which is what torch makes of 0, and that number
 * does not happen but by chance, it joins the level below.
 */
export function withoutTies(emitter: Emitter, from: Layer, steps: Steps, layer: Layer): Steps {
  const tie = tieLevel(steps);
  if (tie === undefined || mayHitZero(from)) return steps;
  const [at, below] = [steps.levels[tie], steps.levels[tie - 1]];
  emitter.notes.add(
    `${layer.source.operation} ${layer.name}: the sign before it makes ${at} of exactly 0 in the file, ${below} here`,
  );
  return withoutTie(steps, tie);
}

/** Whether a value is exactly 0 now and then: sums of whole numbers, rectified or padded values. */
function mayHitZero(layer: Layer): boolean {
  switch (layer.op) {
    case 'conv':
      return layer.steps !== undefined && layer.bias === undefined;
    case 'clip':
      return layer.min === 0 || layer.max === 0;
    case 'steps':
      return layer.steps.levels.includes(0);
    case 'affine':
      return layer.bias === undefined && mayHitZero(layer.inputs[0]!);
    case 'pad':
      return layer.value === 0 || mayHitZero(layer.inputs[0]!);
    case 'batch_norm':
    case 'input':
    case 'sigmoid':
    case 'softmax':
      return false;
    case 'add':
      return layer.inputs.every(mayHitZero);
    default:
      return layer.inputs.some(mayHitZero);
  }
}

/** The sign of a layer's value; a bias that is added before is part of the thresholds. */
export function signOf(emitter: Emitter, layer: Layer, threshold: number): string {
  const { from, thresholds } = thresholdsOf(layer, threshold);
  const input = emitter.values.get(from)!;
  const key = `${input}\0${thresholds.join()}`;
  const known = emitter.signs.get(key);
  if (known !== undefined) return known;
  const name = `${layer.name}.sign`;
  const isZero = thresholds.every((each) => each === 0);
  const attributes = isZero
    ? {}
    : { threshold: floats(emitter, `${name}.threshold`, [from.shape[0]], thresholds) };
  const made = add(emitter, name, 'sign', [input], attributes);
  emitter.signs.set(key, made);
  return made;
}

/** x + bias > threshold as x > another one, exactly: the largest x for which it does not hold. */
function thresholdsOf(layer: Layer, threshold: number): { from: Layer; thresholds: Float32Array } {
  const channels = layer.shape[0];
  if (layer.op === 'affine' && layer.scale === undefined && layer.bias !== undefined) {
    const thresholds = layer.bias.map((bias) => {
      const steps = stepsOf((x) => Number(Math.fround(x + bias) > threshold));
      return steps?.breaks[0] ?? threshold - bias;
    });
    if (thresholds.every(Number.isFinite)) return { from: layer.inputs[0]!, thresholds };
  }
  return { from: layer, thresholds: new Float32Array(channels).fill(threshold) };
}
