import { expect, test } from 'vitest';
import { parseGraph } from '../../src/graph/parse.ts';
import { randomFrom } from '../helpers/random.ts';
import { tinyNetwork } from '../networks/tiny-network.ts';
import { evaluateGraph } from './evaluate.ts';

const { json, tensors } = tinyNetwork();
const graph = parseGraph(json, tensors);

test('every value has the length that its shape has', () => {
  const random = randomFrom(2);
  const input = random.floats(108, random.eighth);
  const values = evaluateGraph(graph, input);
  expect([...values.keys()]).toEqual(['image', ...graph.nodes.map((node) => node.name)]);
  for (const [name, value] of values) {
    const shape = graph.shapes.get(name)!;
    expect(value.length, name).toBe(shape.reduce((product, size) => product * size, 1));
    expect(value.every(Number.isFinite), name).toBe(true);
  }
  expect(new Set(values.get('signs'))).toEqual(new Set([1, -1]));
});

// What each node is given and makes, followed by hand along one path of a network of 1 x 1 maps.
test('a network of one pixel, worked by hand', () => {
  const nodes = [
    { name: 'bent', op: 'prelu', inputs: ['image'], slope: 'slope' },
    { name: 'signs', op: 'sign', inputs: ['bent'] },
    {
      name: 'counts',
      op: 'binary_conv2d',
      inputs: ['signs'],
      weight: 'bits',
      kernel: [1, 1],
      in_channels: 3,
      out_channels: 3,
      stride: [1, 1],
      padding: [0, 0, 0, 0],
    },
    { name: 'sum', op: 'add', inputs: ['counts', 'bent'] },
    { name: 'twice', op: 'concat', inputs: ['image', 'sum'] },
    { name: 'out', op: 'global_average_pool', inputs: ['twice'] },
  ];
  const small = parseGraph(
    { inputs: [{ name: 'image', shape: [3, 1, 1] }], nodes, outputs: ['out'] },
    new Map([
      ['slope', { dtype: 'F32', shape: [1], data: Float32Array.of(0.5) }],
      ['bits', { dtype: 'U64', shape: [3, 1], data: BigUint64Array.of(0b111n, 0b001n, 0b100n) }],
    ]),
  );
  const values = evaluateGraph(small, Float32Array.of(2, -2, 0));
  expect([...values.get('bent')!]).toEqual([2, -1, 0]);
  expect([...values.get('signs')!]).toEqual([1, -1, -1]);
  expect([...values.get('counts')!]).toEqual([-1, 3, -1]);
  expect([...values.get('sum')!]).toEqual([1, 2, -1]);
  expect([...values.get('out')!]).toEqual([2, -2, 0, 1, 2, -1]);
});
