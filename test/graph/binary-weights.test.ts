import { describe, expect, test } from 'vitest';
import { parseGraph } from '../../src/graph/parse.ts';
import type { Tensor } from '../../src/tensor.ts';

const words = (...data: bigint[]): Tensor => ({
  dtype: 'U64',
  shape: [2, 1],
  data: BigUint64Array.from(data),
});

/** Two filters of 12 elements: 2 x 2 of 3 channels. */
function parse(weight: Tensor, nonzero?: Tensor, more: object = {}) {
  const json = {
    inputs: [{ name: 'image', shape: [3, 4, 4] }],
    nodes: [
      {
        name: 'conv',
        op: 'binary_weight_conv2d',
        inputs: ['image'],
        weight: 'weight',
        ...(nonzero && { nonzero: 'nonzero' }),
        kernel: [2, 2],
        in_channels: 3,
        out_channels: 2,
        stride: [1, 1],
        padding: [0, 0, 0, 0],
        ...more,
      },
    ],
    outputs: ['conv'],
  };
  const tensors = new Map([['weight', weight]]);
  if (nonzero !== undefined) tensors.set('nonzero', nonzero);
  return parseGraph(json, tensors);
}

test('binary and ternary weights are read', () => {
  const graph = parse(words(0b101n, 0xfffn));
  expect(graph.nodes).toMatchObject([{ weight: BigUint64Array.of(0b101n, 0xfffn), groups: 1 }]);
  expect(graph.shapes.get('conv')).toEqual([2, 3, 3]);
  const ternary = parse(words(0b101n, 0n), words(0b111n, 0xfffn));
  expect(ternary.nodes).toMatchObject([{ nonzero: BigUint64Array.of(0b111n, 0xfffn) }]);
});

describe('refused', () => {
  test.each<[string, () => unknown, string, RegExp]>([
    [
      'a weight of +1 and 0',
      () => parse(words(0b101n, 0n), words(0b110n, 0n)),
      'GRAPH_INVALID',
      /conv.*\+1 and 0/,
    ],
    [
      'bits past the end of a filter',
      () => parse(words(0n, 1n << 12n)),
      'TENSOR_MISMATCH',
      /filter 1 has bits past its 12 elements/,
    ],
    [
      'bits past the end in nonzero',
      () => parse(words(0n, 0n), words(1n << 12n, 0n)),
      'TENSOR_MISMATCH',
      /nonzero, filter 0 has bits past/,
    ],
    [
      'groups that do not divide',
      () => parse(words(0n, 0n), undefined, { groups: 2 }),
      'GRAPH_INVALID',
      /2 groups/,
    ],
    [
      'padding of another value than 0',
      () => parse(words(0n, 0n), undefined, { padding_value: 1 }),
      'GRAPH_INVALID',
      /padding_value/,
    ],
  ])('%s', (_, read, code, message) => {
    expect(read).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});
