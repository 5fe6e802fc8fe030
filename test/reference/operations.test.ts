import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BatchNormNode } from '../../src/ops/batch_norm.ts';
import type { BinaryConv2dNode } from '../../src/ops/binary_conv2d.ts';
import type { Conv2dNode } from '../../src/ops/conv2d.ts';
import type { DenseNode } from '../../src/ops/dense.ts';
import type { Pool2dNode } from '../../src/ops/pool2d.ts';
import type { Padding, Pair, Shape } from '../../src/tensor.ts';
import { randomBits } from '../helpers/graphs.ts';
import { type Random, randomFrom } from '../helpers/random.ts';
import * as operations from './operations.ts';

const base = { name: 'node', inputs: ['x'] };
const fround = Math.fround;

function value(shape: Shape, data: ArrayLike<number>): operations.Value {
  return { shape, data: Float32Array.from(data) };
}

function conv2dNode(changes: Partial<Conv2dNode> & Pick<Conv2dNode, 'weight'>): Conv2dNode {
  return {
    ...base,
    op: 'conv2d',
    bias: undefined,
    kernel: [1, 1],
    stride: [1, 1],
    padding: [0, 0, 0, 0],
    groups: 1,
    inChannels: 1,
    outChannels: 1,
    ...changes,
  };
}

describe('conv2d, worked by hand', () => {
  const map = value([1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]);

  test('2x2 without padding', () => {
    const node = conv2dNode({ weight: Float32Array.of(1, 2, 3, 4), kernel: [2, 2] });
    expect(operations.conv2d(map, node)).toEqual(value([1, 2, 2], [37, 47, 67, 77]));
  });

  test('3x3 with padding: a corner has four taps', () => {
    const node = conv2dNode({
      weight: new Float32Array(9).fill(1),
      kernel: [3, 3],
      padding: [1, 1, 1, 1],
    });
    const sums = [12, 21, 16, 27, 45, 33, 24, 39, 28];
    expect(operations.conv2d(map, node)).toEqual(value([1, 3, 3], sums));
  });

  test('padding is top, left, bottom, right', () => {
    const padded = (padding: Padding) =>
      operations.conv2d(map, conv2dNode({ weight: Float32Array.of(1), padding }));
    expect(padded([1, 0, 0, 0])).toEqual(value([1, 4, 3], [0, 0, 0, ...map.data]));
    expect(padded([0, 0, 1, 0])).toEqual(value([1, 4, 3], [...map.data, 0, 0, 0]));
    const left = [0, 1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9];
    expect(padded([0, 1, 0, 0])).toEqual(value([1, 3, 4], left));
    const right = [1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0];
    expect(padded([0, 0, 0, 1])).toEqual(value([1, 3, 4], right));
  });

  test('stride is vertical, horizontal', () => {
    const weight = Float32Array.of(1);
    const strided = (stride: Pair) => operations.conv2d(map, conv2dNode({ weight, stride })).data;
    expect([...strided([2, 1])]).toEqual([1, 2, 3, 7, 8, 9]);
    expect([...strided([1, 2])]).toEqual([1, 3, 4, 6, 7, 9]);
  });

  test('each group sees its own channels', () => {
    const node = conv2dNode({
      weight: Float32Array.of(1, 10, 100, 1000),
      groups: 2,
      inChannels: 4,
      outChannels: 2,
    });
    const pixel = value([4, 1, 1], [1, 2, 3, 4]);
    expect([...operations.conv2d(pixel, node).data]).toEqual([21, 4300]);
  });

  // 2^24 + 1 is 2^24 in float32: another order gives another number.
  test('sums run over channel, row, column from 0, and the bias comes last', () => {
    const big = 2 ** 24;
    const pixel = value([3, 1, 1], [1, 1, 1]);
    const dot = (weights: number[], bias: number) =>
      operations.conv2d(
        pixel,
        conv2dNode({
          weight: Float32Array.from(weights),
          inChannels: 3,
          bias: Float32Array.of(bias),
        }),
      ).data[0];
    expect(dot([big, 1, -big], 0)).toBe(0);
    expect(dot([big, -big, 1], 0)).toBe(1);
    expect(dot([big, 0, -big], 1)).toBe(1);
    const row = conv2dNode({ weight: Float32Array.of(big, 1, -big), kernel: [1, 3] });
    expect(operations.conv2d(value([1, 1, 3], [1, 1, 1]), row).data[0]).toBe(0);
    const column = conv2dNode({ weight: Float32Array.of(big, 1, -big), kernel: [3, 1] });
    expect(operations.conv2d(value([1, 3, 1], [1, 1, 1]), column).data[0]).toBe(0);
  });

  test('a product is rounded before it is added', () => {
    const x = 1 + 2 ** -12;
    const node = conv2dNode({ weight: Float32Array.of(-1, x), inChannels: 2 });
    const fused = x * x - 1;
    expect(fround(fused)).not.toBe(fround(fround(x * x) - 1));
    expect(operations.conv2d(value([2, 1, 1], [1, x]), node).data[0]).toBe(fround(x * x) - 1);
  });
});

interface ConvolutionCase {
  readonly groups: number;
  readonly groupInputs: number;
  readonly groupOutputs: number;
  readonly size: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
}

const pairOf = (min: number, max: number) =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
const paddingOf = fc.tuple(
  fc.integer({ min: 0, max: 2 }),
  fc.integer({ min: 0, max: 2 }),
  fc.integer({ min: 0, max: 2 }),
  fc.integer({ min: 0, max: 2 }),
);
const convolutions: fc.Arbitrary<ConvolutionCase> = fc
  .record({
    groups: fc.integer({ min: 1, max: 4 }),
    groupInputs: fc.integer({ min: 1, max: 5 }),
    groupOutputs: fc.integer({ min: 1, max: 3 }),
    size: pairOf(1, 6),
    kernel: pairOf(1, 4),
    stride: pairOf(1, 3),
    padding: paddingOf,
  })
  .filter(
    ({ size, kernel, padding: [top, left, bottom, right] }) =>
      size[0] + top + bottom >= kernel[0] && size[1] + left + right >= kernel[1],
  );

/** `[C, H, W]` with `fill` around it. */
function pad(map: operations.Value, [top, left, bottom, right]: Padding, fill: number) {
  const [channels, height, width] = map.shape as [number, number, number];
  const shape = [channels, height + top + bottom, width + left + right] as const;
  const data = new Float32Array(shape[0] * shape[1] * shape[2]).fill(fill);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        data[(c * shape[1] + y + top) * shape[2] + x + left] =
          map.data[(c * height + y) * width + x]!;
      }
    }
  }
  return value(shape, data);
}

/**
 * Convolution the other way round: every number of the input is added to all the outputs that it
 * reaches. `weight(o, c, ky, kx)`; whole numbers, so that the order does not matter.
 */
function scatter(
  map: operations.Value,
  c: ConvolutionCase,
  weight: (output: number, channel: number, ky: number, kx: number) => number,
): Float32Array {
  const [, height, width] = map.shape as [number, number, number];
  const rows = Math.floor((height - c.kernel[0]) / c.stride[0]) + 1;
  const columns = Math.floor((width - c.kernel[1]) / c.stride[1]) + 1;
  const sums = new Float32Array(c.groups * c.groupOutputs * rows * columns);
  for (let index = 0; index < map.data.length; index++) {
    const channel = Math.floor(index / (height * width));
    const [y, x] = [Math.floor(index / width) % height, index % width];
    const group = Math.floor(channel / c.groupInputs);
    for (let row = 0; row < rows; row++) {
      const ky = y - row * c.stride[0];
      if (ky < 0 || ky >= c.kernel[0]) continue;
      for (let column = 0; column < columns; column++) {
        const kx = x - column * c.stride[1];
        if (kx < 0 || kx >= c.kernel[1]) continue;
        for (let i = 0; i < c.groupOutputs; i++) {
          const output = group * c.groupOutputs + i;
          sums[(output * rows + row) * columns + column]! +=
            weight(output, channel % c.groupInputs, ky, kx) * map.data[index]!;
        }
      }
    }
  }
  return sums;
}

function randomMap(random: Random, c: ConvolutionCase, make: () => number): operations.Value {
  const shape = [c.groups * c.groupInputs, ...c.size] as const;
  return value(shape, random.floats(shape[0] * shape[1] * shape[2], make));
}

const shared = (c: ConvolutionCase) => ({
  kernel: c.kernel,
  stride: c.stride,
  padding: c.padding,
  groups: c.groups,
  inChannels: c.groups * c.groupInputs,
  outChannels: c.groups * c.groupOutputs,
});

test('conv2d is what the scattered sums are, any window and groups', () => {
  fc.assert(
    fc.property(convolutions, fc.nat(), (c, seed) => {
      const random = randomFrom(seed);
      const map = randomMap(random, c, () => random.below(9) - 4);
      const filter = c.groupInputs * c.kernel[0] * c.kernel[1];
      const weight = random.floats(c.groups * c.groupOutputs * filter, () => random.below(9) - 4);
      const sums = scatter(pad(map, c.padding, 0), c, (o, channel, ky, kx) => {
        const at = ((o * c.groupInputs + channel) * c.kernel[0] + ky) * c.kernel[1] + kx;
        return weight[at]!;
      });
      const actual = operations.conv2d(map, conv2dNode({ weight, ...shared(c) }));
      expect(actual.data).toEqual(sums);
    }),
  );
});

function binaryNode(c: ConvolutionCase, random: Random, paddingValue: -1 | 0 | 1) {
  const node: BinaryConv2dNode = {
    ...base,
    ...shared(c),
    op: 'binary_conv2d',
    weight: randomBits(
      random,
      c.groups * c.groupOutputs,
      c.kernel[0] * c.kernel[1] * c.groupInputs,
    ),
    alpha: undefined,
    paddingValue,
    bits: 1,
  };
  return node;
}

describe('binary_conv2d', () => {
  test('is the float convolution of the same signs with zero padding', () => {
    fc.assert(
      fc.property(convolutions, fc.nat(), (c, seed) => {
        const random = randomFrom(seed);
        const map = randomMap(random, c, () => (random.next() < 0.5 ? 1 : -1));
        const node = binaryNode(c, random, 0);
        const [kh, kw] = c.kernel;
        const weight = new Float32Array(node.outChannels * c.groupInputs * kh * kw);
        for (let o = 0; o < node.outChannels; o++) {
          for (let e = 0; e < kh * kw * c.groupInputs; e++) {
            // The bits are (ky, kx, channel), the floats (channel, ky, kx).
            const [tap, channel] = [Math.floor(e / c.groupInputs), e % c.groupInputs];
            const words = Math.ceil((kh * kw * c.groupInputs) / 64);
            const word = node.weight[o * words + (e >> 6)]!;
            const bit = word.toString(2).padStart(64, '0')[63 - (e & 63)];
            weight[(o * c.groupInputs + channel) * kh * kw + tap] = bit === '1' ? 1 : -1;
          }
        }
        const expected = operations.conv2d(map, conv2dNode({ weight, ...shared(c) }));
        expect(operations.binaryConv2d(map, node)).toEqual(expected);
      }),
    );
  });

  test.each([-1, 1] as const)('with padding value %i sees a map padded with it', (paddingValue) => {
    fc.assert(
      fc.property(convolutions, fc.nat(), (c, seed) => {
        const random = randomFrom(seed);
        const map = randomMap(random, c, () => (random.next() < 0.5 ? 1 : -1));
        const node = binaryNode(c, random, paddingValue);
        const padded = pad(map, c.padding, paddingValue);
        const unpadded: BinaryConv2dNode = { ...node, padding: [0, 0, 0, 0], paddingValue: 0 };
        expect(operations.binarySums(map, node)).toEqual(operations.binarySums(padded, unpadded));
      }),
    );
  });

  test('bit 1 is +1, least significant first; 70 channels take two words', () => {
    const c: ConvolutionCase = {
      groups: 1,
      groupInputs: 70,
      groupOutputs: 1,
      size: [1, 1],
      kernel: [1, 1],
      stride: [1, 1],
      padding: [0, 0, 0, 0],
    };
    const node = { ...binaryNode(c, randomFrom(1), 0), weight: BigUint64Array.of(1n, 1n << 5n) };
    const only = (channel: number) =>
      value(
        [70, 1, 1],
        Array.from({ length: 70 }, (_, i) => (i === channel ? 1 : -1)),
      );
    const ones = [0, 69];
    for (const channel of [0, 1, 63, 64, 68, 69]) {
      // All agree but those: 70 - 2 * (the ones of the weight and of the input that differ).
      const differing = ones.includes(channel) ? 1 : 3;
      expect([...operations.binarySums(only(channel), node).data]).toEqual([70 - 2 * differing]);
    }
  });

  test('alpha scales the whole sums, rounded once', () => {
    const c: ConvolutionCase = {
      groups: 1,
      groupInputs: 3,
      groupOutputs: 2,
      size: [1, 1],
      kernel: [1, 1],
      stride: [1, 1],
      padding: [0, 0, 0, 0],
    };
    const weight = BigUint64Array.of(0b111n, 0b000n);
    const alpha = Float32Array.of(0.1, 0.7);
    const node = { ...binaryNode(c, randomFrom(1), 0), weight, alpha };
    const map = value([3, 1, 1], [1, 1, 1]);
    expect([...operations.binaryConv2d(map, node).data]).toEqual([
      fround(3 * alpha[0]!),
      fround(-3 * alpha[1]!),
    ]);
  });
});

describe('sign', () => {
  test('is -1 at 0, at -0 and at NaN', () => {
    const node = { ...base, op: 'sign', threshold: undefined } as const;
    const signs = operations.sign(value([6], [0, -0, Number.NaN, 1e-45, -1e-45, 3]), node);
    expect([...signs.data]).toEqual([-1, -1, -1, 1, -1, 1]);
  });

  test('has a threshold a channel, itself not above', () => {
    const node = { ...base, op: 'sign', threshold: Float32Array.of(1, -1) } as const;
    const signs = operations.sign(value([2, 1, 3], [0, 1, 2, -2, -1, 0]), node);
    expect([...signs.data]).toEqual([-1, -1, 1, -1, -1, 1]);
  });
});

describe('levels', () => {
  test('counts the thresholds below, as odd numbers', () => {
    const thresholds = Float32Array.of(0.5, 1.5, 2.5);
    const node = { ...base, op: 'levels', bits: 2, thresholds } as const;
    const numbers = operations.levels(value([4], [0.5, 1, 2, 9]), node);
    expect([...numbers.data]).toEqual([-3, -1, 1, 3]);
  });

  test('have thresholds a channel', () => {
    const thresholds = Float32Array.of(0, 10, 1, 11, 2, 12);
    const node = { ...base, op: 'levels', bits: 2, thresholds } as const;
    const numbers = operations.levels(value([2, 1, 2], [1, 3, 1, 11.5]), node);
    expect([...numbers.data]).toEqual([-1, 3, -3, 1]);
  });

  test('are what a convolution sums, and a border is the largest of them', () => {
    const thresholds = Float32Array.of(0, 1, 2);
    const node = { ...base, op: 'levels', bits: 2, thresholds } as const;
    const numbers = operations.levels(value([1, 1, 2], [1.5, -1]), node);
    expect([...numbers.data]).toEqual([1, -3]);
    const c = { ...window11, kernel: [1, 3], padding: [0, 1, 0, 1] } as const;
    const conv = (paddingValue: -1 | 0 | 1): BinaryConv2dNode => ({
      ...{ ...base, ...c, op: 'binary_conv2d', bits: 2, paddingValue, alpha: undefined },
      ...{ groups: 1, inChannels: 1, outChannels: 1, weight: BigUint64Array.of(0b011n) },
    });
    // The weights are +1, +1, -1.
    expect([...operations.binaryConv2d(numbers, conv(0)).data]).toEqual([4, -2]);
    expect([...operations.binaryConv2d(numbers, conv(1)).data]).toEqual([7, -5]);
    expect([...operations.binaryConv2d(numbers, conv(-1)).data]).toEqual([1, 1]);
  });
});

test('round takes halves away from 0, and keeps its bounds', () => {
  const node = { ...base, op: 'round', min: -3, max: 2 } as const;
  const numbers = operations.roundBetween(value([7], [0.5, -0.5, 1.4, -1.6, 2.5, -2.5, -9]), node);
  expect([...numbers.data]).toEqual([1, -1, 1, -2, 2, -3, -3]);
});

const window11 = { stride: [1, 1], padding: [0, 0, 0, 0] } as const;

describe('per channel', () => {
  test('batch norm, worked by hand', () => {
    const node: BatchNormNode = {
      ...base,
      op: 'batch_norm',
      mean: Float32Array.of(1, -2),
      variance: Float32Array.of(3, 0),
      gamma: Float32Array.of(2, -1),
      beta: Float32Array.of(0.5, 10),
      epsilon: 1,
    };
    const normal = operations.batchNorm(value([2, 1, 2], [1, 5, -2, 0]), node);
    expect([...normal.data]).toEqual([0.5, 4.5, 10, 8]);
  });

  test('batch norm follows the formula in float64 to float32 precision', () => {
    const random = randomFrom(9);
    const vector = (least: number, most: number) =>
      random.floats(5, () => least + random.next() * (most - least));
    const node: BatchNormNode = {
      ...base,
      op: 'batch_norm',
      mean: vector(-1, 1),
      variance: vector(0.1, 2),
      gamma: vector(0.2, 2),
      beta: vector(-1, 1),
      epsilon: 1e-5,
    };
    const x = random.floats(5, () => random.next() * 8 - 4);
    const { data } = operations.batchNorm(value([5], x), node);
    for (let c = 0; c < 5; c++) {
      const exact =
        (node.gamma[c]! * (x[c]! - node.mean[c]!)) / Math.sqrt(node.variance[c]! + 1e-5) +
        node.beta[c]!;
      expect(data[c]).toBeCloseTo(exact, 5);
    }
  });

  test('affine, with either part left out', () => {
    const map = value([2, 1, 1], [3, 4]);
    const scale = Float32Array.of(2, -1);
    const bias = Float32Array.of(1, 10);
    const run = (parts: { scale?: Float32Array; bias?: Float32Array }) => {
      const node = { ...base, op: 'affine', scale: parts.scale, bias: parts.bias } as const;
      return [...operations.affine(map, node).data];
    };
    expect(run({ scale, bias })).toEqual([7, 6]);
    expect(run({ scale })).toEqual([6, -4]);
    expect(run({ bias })).toEqual([4, 14]);
    expect(run({})).toEqual([3, 4]);
  });

  test('PReLU, one slope a channel or one for all', () => {
    const map = value([2, 1, 2], [1, -1, 2, -2]);
    const run = (...slope: number[]) =>
      operations.prelu(map, { ...base, op: 'prelu', slope: Float32Array.from(slope) });
    expect([...run(0.5, -3).data]).toEqual([1, -0.5, 2, 6]);
    expect([...run(0.25).data]).toEqual([1, -0.25, 2, -0.5]);
  });

  test('ReLU, with and without a maximum', () => {
    const map = value([4], [-1, 0, 3, 9]);
    const run = (max: number | undefined) => operations.relu(map, { ...base, op: 'relu', max });
    expect([...run(undefined).data]).toEqual([0, 0, 3, 9]);
    expect([...run(6).data]).toEqual([0, 0, 3, 6]);
  });
});

describe('pools', () => {
  const map = value([1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const run = (op: Pool2dNode['op'], padding: Padding, stride: Pair, input = map) => {
    const node: Pool2dNode = { ...base, op, kernel: [2, 2], stride, padding };
    return operations.pool2d(input, node);
  };

  test('the average divides by the taps inside', () => {
    const padded = run('average_pool2d', [1, 1, 0, 0], [2, 2]);
    expect(padded).toEqual(value([1, 2, 2], [1, 2.5, 5.5, 7]));
  });

  test('the average multiplies the sum by the rounded reciprocal', () => {
    const node: Pool2dNode = {
      ...base,
      op: 'average_pool2d',
      kernel: [1, 3],
      stride: [1, 1],
      padding: [0, 0, 0, 0],
    };
    const thirds = operations.pool2d(value([1, 1, 3], [5, 5, 5]), node);
    expect(thirds.data[0]).toBe(fround(15 * fround(1 / 3)));
  });

  test('the maximum ignores the padding, even where all is negative', () => {
    const negative = value([1, 2, 2], [-5, -6, -7, -8]);
    const padded = run('max_pool2d', [1, 1, 1, 1], [1, 1], negative);
    expect([...padded.data]).toEqual([-5, -5, -6, -5, -5, -6, -7, -7, -8]);
  });

  test('channels do not mix', () => {
    const two = value([2, 2, 2], [1, 2, 3, 4, 10, 20, 30, 40]);
    expect([...run('average_pool2d', [0, 0, 0, 0], [2, 2], two).data]).toEqual([2.5, 25]);
    expect([...run('max_pool2d', [0, 0, 0, 0], [2, 2], two).data]).toEqual([4, 40]);
  });

  test('the global average sums in raster order, then multiplies by the rounded reciprocal', () => {
    const big = 2 ** 24;
    const averages = operations.globalAveragePool(value([2, 1, 3], [big, 1, -big, big, -big, 1]));
    expect(averages).toEqual(value([2], [0, fround(1 / 3)]));
  });
});

describe('dense', () => {
  const node: DenseNode = {
    ...base,
    op: 'dense',
    weight: Float32Array.of(1, 2, 3, -1, 0, 1),
    weightScale: undefined,
    bias: Float32Array.of(10, 20),
    inChannels: 3,
    outChannels: 2,
  };

  test('worked by hand', () => {
    expect(operations.dense(value([3], [1, 10, 100]), node)).toEqual(value([2], [331, 119]));
  });

  test('8-bit weights: the factor comes after the sum and before the bias', () => {
    const weightScale = Float32Array.of(0.5, 0.1);
    const bytes = { ...node, weight: Int8Array.of(1, 2, 3, -127, 0, 1), weightScale };
    expect([...operations.dense(value([3], [1, 10, 100]), bytes).data]).toEqual([
      170.5,
      fround(fround(-27 * weightScale[1]!) + 20),
    ]);
  });

  test('sums run over the inputs in order, and the bias comes last', () => {
    const big = 2 ** 24;
    const cancelling = { ...node, weight: Float32Array.of(big, 1, -big, big, -big, 1) };
    const bias = Float32Array.of(1, 1);
    const outputs = operations.dense(value([3], [1, 1, 1]), { ...cancelling, bias });
    expect([...outputs.data]).toEqual([1, 2]);
  });
});

test('add, concat and flatten keep the order of numbers', () => {
  const a = value([1, 1, 2], [1, 2]);
  const b = value([2, 1, 2], [3, 4, 5, 6]);
  expect(operations.add(a, value([1, 1, 2], [10, 20]))).toEqual(value([1, 1, 2], [11, 22]));
  expect(operations.concat([a, b])).toEqual(value([3, 1, 2], [1, 2, 3, 4, 5, 6]));
  expect(operations.flatten(b)).toEqual(value([4], [3, 4, 5, 6]));
});
