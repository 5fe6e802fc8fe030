import { describe, expect, test } from 'vitest';
import { openPredictions, type PredictionOptions } from '../src/predictions.ts';

const CLASSES = { labels: ['cat', 'dog', 'crane', 'crane'], labelIds: ['n1', 'n2', 'n3', 'n4'] };
const SCORES = Float32Array.of(0.125, 0.5, 0.25, 0.125);

const indices = (options: PredictionOptions) =>
  openPredictions(CLASSES, options)(SCORES).map(({ index }) => index);

test.each<[string, PredictionOptions, number[]]>([
  ['nothing: all where there are fewer than 5', {}, [1, 2, 0, 3]],
  ['topK 2', { topK: 2 }, [1, 2]],
  ["topK 'all'", { topK: 'all' }, [1, 2, 0, 3]],
  ['scoreThreshold: that score is enough', { scoreThreshold: 0.25 }, [1, 2]],
  ['scoreThreshold 1: none', { scoreThreshold: 1 }, []],
  ['allow by label: all that share it', { allow: ['crane'] }, [2, 3]],
  ['allow by id: one of those', { allow: ['n4', 'cat'] }, [0, 3]],
  ['deny', { deny: ['dog', 'n3'] }, [0, 3]],
  ['deny goes before allow', { allow: ['dog', 'cat'], deny: ['n2'] }, [0]],
  ['the best 1 of those allowed', { allow: ['cat', 'crane'], topK: 1 }, [2]],
  ['allow nothing: none', { allow: [] }, []],
])('%s', (_, options, expected) => {
  expect(indices(options)).toEqual(expected);
});

test('scores stay those of all classes', () => {
  const [only] = openPredictions(CLASSES, { allow: ['crane'], topK: 1 })(SCORES);
  expect(only).toEqual({ index: 2, label: 'crane', score: 0.25 });
});

test('without ids, labels alone are known', () => {
  const classes = { ...CLASSES, labelIds: undefined };
  expect(openPredictions(classes, { deny: ['cat'] })(SCORES)).toHaveLength(3);
  expect(() => openPredictions(classes, { deny: ['n1'] })).toThrow(/deny is n1/);
});

describe('INVALID_OPTION', () => {
  test.each<[PredictionOptions, RegExp]>([
    [{ topK: 0 }, /topK is 0 \(a whole number from 1 to 4\)/],
    [{ topK: 5 }, /topK is 5/],
    [{ topK: 'none' as 'all' }, /topK is none/],
    [{ scoreThreshold: -0.1 }, /scoreThreshold is -0.1/],
    [{ scoreThreshold: Number.NaN }, /scoreThreshold is NaN/],
    [{ allow: ['cat', 'cow'] }, /allow is cow .*such as cat/],
  ])('%o', (options, message) => {
    expect(() => openPredictions(CLASSES, options)).toThrow(message);
  });
});
