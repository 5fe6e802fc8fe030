/** A head, trained on the features of a frozen network. */

import { minimise } from './minimise.ts';

/** Features with the class of each. */
export interface Lessons {
  /** A vector a picture, all of one length. */
  readonly features: readonly Float32Array[];
  /** Class of each picture, from 0 to `classCount - 1`; none without a picture. */
  readonly classes: readonly number[];
  readonly classCount: number;
}

/** How a head is found. */
export type Method = 'logistic regression' | 'nearest centroid';

/** A dense layer: logit `k` is `bias[k]` plus the product of row `k` of `weight` and the features. */
export interface Head {
  /** `[classes, features]`, row-major. */
  readonly weight: Float32Array;
  /** `[classes]` */
  readonly bias: Float32Array;
}

/** Features are float32: less of the mean than this is no difference. */
const ROUNDING = 1e-7;

/** With so few pictures of some class, a line between classes is drawn by chance. */
const FEW = 5;

/** Nearest centroid where a class has 5 pictures or fewer, else logistic regression. */
export function methodFor({ classes, classCount }: Lessons): Method {
  const counts = new Array<number>(classCount).fill(0);
  for (const index of classes) counts[index]!++;
  return Math.min(...counts) <= FEW ? 'nearest centroid' : 'logistic regression';
}

/**
 * The head of a method. Features are standardised first (mean 0, deviation 1 each), and the head takes that
 * into its weights.
 * @param near a head that is close to the one looked for: it is found sooner from there
 */
export function trainHead(lessons: Lessons, method: Method, near?: Head): Head {
  const { mean, deviation } = momentsOf(lessons.features);
  const standard = lessons.features.map((vector) =>
    Float64Array.from(vector, (x, i) => (x - mean[i]!) / deviation[i]!),
  );
  const size = mean.length;
  const start = new Float64Array(lessons.classCount * (size + 1));
  if (near !== undefined) {
    for (let k = 0; k < lessons.classCount; k++) {
      let bias = near.bias[k]!;
      for (let i = 0; i < size; i++) {
        start[k * (size + 1) + i] = near.weight[k * size + i]! * deviation[i]!;
        bias += near.weight[k * size + i]! * mean[i]!;
      }
      start[k * (size + 1) + size] = bias;
    }
  }
  const rows =
    method === 'nearest centroid'
      ? nearestCentroid(standard, lessons)
      : minimise(logisticLoss(standard, lessons), start);
  const weight = new Float32Array(lessons.classCount * size);
  const bias = new Float32Array(lessons.classCount);
  for (let k = 0; k < lessons.classCount; k++) {
    let offset = rows[k * (size + 1) + size]!;
    for (let i = 0; i < size; i++) {
      const slope = rows[k * (size + 1) + i]! / deviation[i]!;
      weight[k * size + i] = slope;
      offset -= slope * mean[i]!;
    }
    bias[k] = offset;
  }
  return { weight, bias };
}

/** The class that a head gives a vector. */
export function predict({ weight, bias }: Head, features: Float32Array): number {
  const logits = Array.from(bias, (offset, k) =>
    features.reduce((sum, x, i) => sum + x * weight[k * features.length + i]!, offset),
  );
  return logits.indexOf(Math.max(...logits));
}

/** Of each feature; a feature that is always the same has deviation 1. */
function momentsOf(features: readonly Float32Array[]): {
  mean: Float64Array;
  deviation: Float64Array;
} {
  const size = features[0]!.length;
  const mean = new Float64Array(size);
  const deviation = new Float64Array(size);
  for (const vector of features)
    for (let i = 0; i < size; i++) mean[i]! += vector[i]! / features.length;
  for (const vector of features) {
    for (let i = 0; i < size; i++) deviation[i]! += (vector[i]! - mean[i]!) ** 2 / features.length;
  }
  return {
    mean,
    deviation: deviation.map((variance, i) => {
      const root = Math.sqrt(variance);
      return root > ROUNDING * Math.abs(mean[i]!) ? root : 1;
    }),
  };
}

/**
 * Multinomial logistic regression: half the squares of the weights, plus the cross-entropy of each
 * picture; the biases are free (scikit-learn's `LogisticRegression` with C = 1).
 */
function logisticLoss(standard: readonly Float64Array[], { classes, classCount }: Lessons) {
  const size = standard[0]!.length;
  const stride = size + 1;
  const logits = new Float64Array(classCount);
  return (x: Float64Array, gradient: Float64Array): number => {
    let loss = 0;
    for (let k = 0; k < classCount; k++) {
      for (let i = 0; i < size; i++) {
        const w = x[k * stride + i]!;
        gradient[k * stride + i] = w;
        loss += (w * w) / 2;
      }
      gradient[k * stride + size] = 0;
    }
    for (const [picture, vector] of standard.entries()) {
      for (let k = 0; k < classCount; k++) {
        let logit = x[k * stride + size]!;
        for (let i = 0; i < size; i++) logit += x[k * stride + i]! * vector[i]!;
        logits[k] = logit;
      }
      const largest = Math.max(...logits);
      let sum = 0;
      for (const logit of logits) sum += Math.exp(logit - largest);
      const expected = classes[picture]!;
      loss += Math.log(sum) + largest - logits[expected]!;
      for (let k = 0; k < classCount; k++) {
        const error = Math.exp(logits[k]! - largest) / sum - (k === expected ? 1 : 0);
        for (let i = 0; i < size; i++) gradient[k * stride + i]! += error * vector[i]!;
        gradient[k * stride + size]! += error;
      }
    }
    return loss;
  };
}

/**
 * Rows whose logits rank classes by the distance to their mean vector: c x - c c / 2, in units of the
 * mean square distance of a picture to its class's mean.
 */
function nearestCentroid(
  standard: readonly Float64Array[],
  { classes, classCount }: Lessons,
): Float64Array {
  const size = standard[0]!.length;
  const stride = size + 1;
  const rows = new Float64Array(classCount * stride);
  const counts = new Array<number>(classCount).fill(0);
  for (const index of classes) counts[index]!++;
  for (const [picture, vector] of standard.entries()) {
    const k = classes[picture]!;
    for (let i = 0; i < size; i++) rows[k * stride + i]! += vector[i]! / counts[k]!;
  }
  let spread = 0;
  for (const [picture, vector] of standard.entries()) {
    const k = classes[picture]!;
    for (let i = 0; i < size; i++) spread += (vector[i]! - rows[k * stride + i]!) ** 2;
  }
  // Of one picture a class there is no spread.
  const unit = spread / standard.length || size;
  for (let k = 0; k < classCount; k++) {
    let square = 0;
    for (let i = 0; i < size; i++) {
      square += rows[k * stride + i]! ** 2;
      rows[k * stride + i]! /= unit;
    }
    rows[k * stride + size] = -square / 2 / unit;
  }
  return rows;
}
