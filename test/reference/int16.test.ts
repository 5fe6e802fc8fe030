import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseGraph } from '../../src/graph/parse.ts';
import type { Tensor } from '../../src/tensor.ts';
import { evaluateInt16 } from './int16.ts';

test('oracles take types of src/, and none of its code', () => {
  const folder = new URL('./', import.meta.url);
  const files = readdirSync(folder).filter((name) => !name.endsWith('.test.ts'));
  expect(files).toContain('int16.ts');
  for (const file of files) {
    const source = readFileSync(new URL(file, folder), 'utf8');
    for (const [line, from] of source.matchAll(/^import[^;]*from '([^']+)';/gm)) {
      if (!from!.includes('/src/')) continue;
      expect(line, file).toMatch(/^import type /);
      expect(from, file).not.toMatch(/src\/(plan|kernels)\//);
    }
  }
});

// fraction 4: units of 1/16. One pixel, three channels: image 1, -1, 0.5 has signs +1, -1, +1.
test('a unit worked by hand', () => {
  const nodes = [
    { name: 'signs', op: 'sign', inputs: ['image'] },
    {
      name: 'conv',
      op: 'binary_conv2d',
      inputs: ['signs'],
      weight: 'bits',
      alpha: 'alpha',
      kernel: [1, 1],
      in_channels: 3,
      out_channels: 3,
      stride: [1, 1],
      padding: [0, 0, 0, 0],
    },
    { name: 'bent', op: 'prelu', inputs: ['conv'], slope: 'slope' },
    { name: 'norm', op: 'affine', inputs: ['bent'], bias: 'bias' },
    { name: 'sum', op: 'add', inputs: ['norm', 'image'] },
  ];
  const floats = (...data: number[]): Tensor => ({
    dtype: 'F32',
    shape: [data.length],
    data: Float32Array.from(data),
  });
  const graph = parseGraph(
    {
      inputs: [{ name: 'image', shape: [3, 1, 1] }],
      nodes,
      outputs: ['sum'],
      stream: { type: 'int16', fraction: 4 },
    },
    new Map<string, Tensor>([
      ['bits', { dtype: 'U64', shape: [3, 1], data: BigUint64Array.of(0b101n, 0b010n, 0b111n) }],
      ['alpha', floats(0.5, 0.5, 0.25)],
      ['slope', floats(0.25)],
      ['bias', floats(0.125, 0.125, 100)],
    ]),
  );
  const output = evaluateInt16(graph, Float32Array.of(1, -1, 0.5));
  // M = 3, knee 1.5: scale = floor(32767 / 1.5) = 21844, K = 32766.
  // Channel 0: dot 3, x = 0, t = -32766; L = round(-1 * 2^19 / 21844) = -24,
  // u = 2 + ((32766 * 24 + 2^14) >> 15) = 26, y = 26 + 16.
  // Channel 1: dot -3, x = 3, t = 32766; R = round(-0.25 * 2^19 / 21844) = -6, u = 2 - 6, y = -4 - 16.
  // Channel 2: dot 1, x = 1, t = -10922; L = -12, u = 1600 + 4, y = 1604 + 8.
  expect([...output].map((x) => x * 16)).toEqual([42, -20, 1612]);
});
