/** Step functions as numbers of a few bits, or as sums of signs, and what becomes of torch's sign(0). */

import { add, type Emitter, floats } from './emitter.ts';
import type { ConvLayer, Layer } from './layers.ts';
import { type Steps, stepsOf, tieLevel, withoutTie } from './steps.ts';

/** What one binary convolution reads: a sign, or levels. */
export interface Plane {
  /** Of a sign one, of levels 2^bits - 1. */
  readonly thresholds: readonly number[];
  readonly bits: number;
  /** Half the step there. */
  readonly half: number;
  /** What a tap outside counts. */
  readonly paddingValue: number;
}

/** A step function as offset + the sum of half x what is read. */
export interface Planes {
  readonly planes: readonly Plane[];
  readonly offset: number;
}

type Bordered = Pick<ConvLayer, 'padding' | 'paddingValue'>;

/** How far from evenly spaced levels may be, and a border from a level, relative to all of them. */
const SPACING = 1e-6;

/** Sums of windows that kernels count in 16 bits. */
const MOST_COUNT = 65_535;

/** No number is above it. */
const NEVER = -(2 ** 104) + 2 ** 128;

/**
 * Undefined where the padding fits none.
 * @param elements of a filter
 */
export function planesOf(steps: Steps, border: Bordered, elements: number): Planes | undefined {
  return evenLevels(steps, border, elements) ?? signPlanes(steps, border);
}

/** Evenly spaced levels, whose index is a number of fewer bits than there are signs. */
function evenLevels(
  { breaks, levels }: Steps,
  { padding, paddingValue }: Bordered,
  elements: number,
): Planes | undefined {
  const bits = [2, 3, 4].find((count) => breaks.length < 2 ** count);
  if (bits === undefined || bits >= breaks.length) return undefined;
  const largest = 2 ** bits - 1;
  // With an odd number of channels every tap may count twice.
  if (largest * elements * (1 + (elements % 2)) > MOST_COUNT) return undefined;
  const range = levels.at(-1)! - levels[0]!;
  const step = range / breaks.length;
  const isNear = (x: number, y: number) => Math.abs(x - y) <= SPACING * Math.abs(range);
  if (!levels.every((level, at) => isNear(level, levels[0]! + at * step))) return undefined;
  const half = step / 2;
  const offset = levels[0]! + largest * half;
  const none = padding.every((side) => side === 0);
  const filler = [0, -1, 1].find((value) => isNear(paddingValue, offset + value * largest * half));
  if (!none && filler === undefined) return undefined;
  const unused = new Array<number>(largest - breaks.length).fill(NEVER);
  const thresholds = [...breaks, ...unused];
  return { planes: [{ thresholds, bits, half, paddingValue: none ? 0 : filler! }], offset };
}

/** A sign for each step. */
function signPlanes(
  { breaks, levels }: Steps,
  { padding, paddingValue }: Bordered,
): Planes | undefined {
  if (breaks.length === 0) return undefined;
  const halves = breaks.map((_, at) => (levels[at + 1]! - levels[at]!) / 2);
  const offset = halves.reduce((sum, half) => sum + half, levels[0]!);
  const none = padding.every((side) => side === 0);
  const near = (x: number) =>
    Math.abs(x - paddingValue) <= SPACING * Math.abs(levels.at(-1)! - levels[0]!);
  const level = levels.findIndex(near);
  if (!none && !near(offset) && level < 0) return undefined;
  const planes = breaks.map((threshold, at) => ({
    thresholds: [threshold],
    bits: 1,
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
    case 'round':
      return true;
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

/** The sign of a layer's value, or its levels; a bias that is added before is part of the thresholds. */
export function bitsOf(emitter: Emitter, layer: Layer, { thresholds: wanted }: Plane): string {
  const { from, thresholds } = thresholdsOf(layer, wanted);
  const input = emitter.values.get(from)!;
  const key = `${input}\0${thresholds.join()}`;
  const known = emitter.signs.get(key);
  if (known !== undefined) return known;
  const made =
    wanted.length === 1
      ? addSign(emitter, `${layer.name}.sign`, input, thresholds)
      : addLevels(emitter, `${layer.name}.levels`, input, thresholds, wanted.length);
  emitter.signs.set(key, made);
  return made;
}

function addSign(emitter: Emitter, name: string, input: string, thresholds: Float32Array): string {
  const isZero = thresholds.every((each) => each === 0);
  const attributes = isZero
    ? {}
    : { threshold: floats(emitter, `${name}.threshold`, [thresholds.length], thresholds) };
  return add(emitter, name, 'sign', [input], attributes);
}

/** @param count of thresholds; one for all channels where they are alike */
function addLevels(
  emitter: Emitter,
  name: string,
  input: string,
  thresholds: Float32Array,
  count: number,
): string {
  const channels = thresholds.length / count;
  const first = thresholds.filter((_, at) => at % channels === 0);
  const isAlike = thresholds.every((x, at) => x === first[Math.floor(at / channels)]);
  const data = isAlike ? first : thresholds;
  const shape = [count, data.length / count];
  return add(emitter, name, 'levels', [input], {
    thresholds: floats(emitter, `${name}.thresholds`, shape, data),
  });
}

/**
 * `[threshold][channel]`; x + bias > threshold as x > another one, exactly: the largest x for which it does
 * not hold.
 */
function thresholdsOf(
  layer: Layer,
  wanted: readonly number[],
): { from: Layer; thresholds: Float32Array } {
  const channels = layer.shape[0];
  if (layer.op === 'affine' && layer.scale === undefined && layer.bias !== undefined) {
    const { bias } = layer;
    const thresholds = wanted.flatMap((threshold) =>
      Array.from(bias, (by) => {
        if (threshold === NEVER) return NEVER;
        const steps = stepsOf((x) => Number(Math.fround(x + by) > threshold));
        return Math.fround(steps?.breaks[0] ?? threshold - by);
      }),
    );
    if (thresholds.every(Number.isFinite)) {
      return { from: layer.inputs[0]!, thresholds: Float32Array.from(thresholds) };
    }
  }
  const all = wanted.flatMap((threshold) => new Array<number>(channels).fill(threshold));
  return { from: layer, thresholds: Float32Array.from(all) };
}
