import { describe, expect, test } from 'vitest';
import { type Lessons, methodFor, predict, trainHead } from '../../src/teach/head.ts';
import { leaveOneOut } from '../../src/teach/leave-one-out.ts';
import { minimise } from '../../src/teach/minimise.ts';
import { randomFrom } from '../helpers/random.ts';

/** Clouds around the corners of a simplex. */
function clouds(perClass: number, classCount = 3, noise = 0.6): Lessons {
  const random = randomFrom(perClass);
  const number = () => random.below(1000) / 500 - 1;
  const classes = Array.from({ length: perClass * classCount }, (_, i) => i % classCount);
  const features = classes.map((label) =>
    Float32Array.from({ length: 5 }, (_, i) => 3 + (i === label ? 1 : 0) + noise * number()),
  );
  return { features, classes, classCount };
}

describe('minimise', () => {
  test('a long narrow valley', () => {
    const x = minimise(
      (at, gradient) => {
        gradient[0] = 2 * (at[0]! - 3);
        gradient[1] = 2000 * (at[1]! + 1);
        return (at[0]! - 3) ** 2 + 1000 * (at[1]! + 1) ** 2;
      },
      Float64Array.of(-50, 20),
    );
    expect(x[0]).toBeCloseTo(3, 4);
    expect(x[1]).toBeCloseTo(-1, 4);
  });
});

describe('trainHead', () => {
  test('5 pictures of some class: nearest centroid; more of all: logistic regression', () => {
    expect(methodFor(clouds(5))).toBe('nearest centroid');
    expect(methodFor(clouds(6))).toBe('logistic regression');
  });

  test('logistic regression of two classes: at the minimum the errors are the weights', () => {
    // One feature, standardised to -1 and 1: w = 2 sigmoid(-2 w) per class, w1 = -w0.
    const lessons = {
      features: [Float32Array.of(4), Float32Array.of(8)],
      classes: [0, 1],
      classCount: 2,
    };
    const { weight, bias } = trainHead(lessons, 'logistic regression');
    const w = weight[1]! * 2;
    expect(w).toBeCloseTo(2 / (1 + Math.exp(2 * w)), 4);
    expect(weight[0]).toBeCloseTo(-weight[1]!, 5);
    // Half way both are as likely.
    expect(bias[0]! + 6 * weight[0]!).toBeCloseTo(bias[1]! + 6 * weight[1]!, 4);
  });

  test('nearest centroid: the class whose mean is nearest', () => {
    const lessons = clouds(4);
    const head = trainHead(lessons, 'nearest centroid');
    const right = lessons.features.filter((v, i) => predict(head, v) === lessons.classes[i]).length;
    expect(right).toBeGreaterThanOrEqual(10);
    expect(trainHead(lessons, 'nearest centroid', head)).toEqual(head);
  });

  test('from a head near by the same head', () => {
    const lessons = clouds(10);
    const head = trainHead(lessons, 'logistic regression');
    const again = trainHead(lessons, 'logistic regression', head);
    for (const [i, w] of head.weight.entries()) expect(again.weight[i]).toBeCloseTo(w, 3);
  });

  test('a feature that never changes is of no weight, and no NaN', () => {
    const lessons = clouds(8);
    for (const vector of lessons.features) vector[4] = 1;
    const head = trainHead(lessons, 'logistic regression');
    for (const k of [0, 1, 2]) expect(head.weight[k * 5 + 4]).toBeCloseTo(0, 5);
  });
});

describe('leaveOneOut', () => {
  test('what a picture is taken for does not depend on its own label', () => {
    const lessons = clouds(8);
    const head = trainHead(lessons, 'logistic regression');
    const before = leaveOneOut(lessons, 'logistic regression', head)[0];
    const classes = lessons.classes.map((label, i) => (i === 0 ? 1 : label));
    expect(leaveOneOut({ ...lessons, classes }, 'logistic regression', head)[0]).toBe(before);
  });

  test('the only picture of a class: nothing', () => {
    const lessons = { ...clouds(3, 2), classCount: 3 };
    const classes = lessons.classes.map((label, i) => (i === 4 ? 2 : label));
    const all = { ...lessons, classes };
    const head = trainHead(all, 'nearest centroid');
    expect(leaveOneOut(all, 'nearest centroid', head)[4]).toBeUndefined();
  });
});
