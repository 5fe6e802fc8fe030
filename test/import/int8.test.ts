/** Operations of 8 bits, against what TensorFlow Lite's kernels compute with whole numbers. */

import { expect, test } from 'vitest';
import { parseGraph } from '../../src/graph/parse.ts';
import { ndArray } from '../../src/import/array.ts';
import { openBuilder, realise } from '../../src/import/builder.ts';
import { emitGraph } from '../../src/import/emit.ts';
import { INT8_OPERATIONS } from '../../src/import/tflite/int8.ts';
import type { Grid } from '../../src/import/tflite/model.ts';
import type { NodeReader } from '../../src/import/tflite/node.ts';
import type { Value } from '../../src/import/values.ts';
import { evaluateGraph } from '../reference/evaluate.ts';

const grid = (scale: number, zero: number): Grid => ({
  scales: [scale],
  zero,
  least: -128 - zero,
  most: 127 - zero,
});

/**
 * What an operation makes of whole numbers (less their zero point) of one row of pixels.
 * @param constant a second input, less its zero point
 */
function resultOf(
  operation: string,
  input: readonly number[],
  { from, to, by = from }: { from: Grid; to: Grid; by?: Grid },
  constant: number,
  options: Readonly<Record<number, number>> = {},
): number[] {
  const builder = openBuilder('nhwc');
  const layer = builder.layer({ op: 'input' }, [], [1, 1, input.length]);
  const value: Value = { kind: 'map', layer, shape: [1, 1, input.length, 1] };
  const second = ndArray('float', [1], [constant * by.scales[0]!]);
  const node: NodeReader = {
    builder,
    operation,
    count: 2,
    results: 1,
    has: (at) => at < 2,
    value: (at) => (at === 0 ? value : { kind: 'constant', array: second }),
    constant: () => second,
    grid: (at) => (at === 0 ? from : by),
    result: to,
    whole: () => ndArray('float', [1], [constant]),
    shape: () => value.shape,
    int8: (field) => options[field] ?? 0,
    int32: (field) => options[field] ?? 0,
    float32: (_, fallback) => fallback,
    int32s: () => undefined,
    custom: () => 0,
  };
  const made = realise(builder, INT8_OPERATIONS[operation]!(node) as Value);
  const { definition } = emitGraph(made.layer, builder.layers, { tolerance: 0.001 });
  const graph = parseGraph(definition.json, definition.tensors);
  return [...evaluateGraph(graph, Float32Array.from(input)).get(graph.output)!];
}

test('a product is rounded after its mantissa, and after its shift', () => {
  // 5 x 51 / 512 = 0.498, whose mantissa 0.797 makes 3.98 of 5 first: 4, and 4 / 8 is rounded to 1.
  const factor = 51 / 512;
  const grids = { from: grid(1, 0), by: grid(factor, 0), to: grid(1, 0) };
  expect(resultOf('MUL', [5, 4, -5, 127], grids, 1)).toEqual([1, 0, -1, 13]);
});

test('a sum keeps what 8 bits hold, and a fused ReLU begins at the zero point', () => {
  const grids = { from: grid(0.5, 3), by: grid(0.25, 0), to: grid(0.5, 3) };
  expect(resultOf('ADD', [10, -10, 124, -120], grids, 6)).toEqual([13, -7, 124, -117]);
  expect(resultOf('ADD', [10, -10, 124, -120], grids, 6, { 0: 1 })).toEqual([13, 0, 124, 0]);
});

test('halves of an average go away from 0, not from the zero point', () => {
  // With a zero point of 5 the averages are of 6 and 7, and of -6 and -7.
  const grids = { from: grid(0.5, 5), to: grid(0.5, 5) };
  const pool = { 1: 2, 2: 1, 3: 2, 4: 1, 0: 1 };
  expect(resultOf('AVERAGE_POOL_2D', [1, 2, -11, -12], grids, 0, pool)).toEqual([2, -12]);
});

test('steps that are far from those of the input are refused', () => {
  const grids = { from: grid(1e-9, 0), to: grid(1, 0) };
  expect(() => resultOf('RELU', [1], grids, 0)).toThrow(/steps are far/);
});
