import { describe, expect, test } from 'vitest';
import { graphCost } from '../../src/graph/cost.ts';
import { mobileNetV1 } from '../../src/networks/mobilenet-v1.ts';
import { mobinet } from '../../src/networks/mobinet.ts';

const full = { width: 1, size: 224, classes: 1000 };

/** Millions of multiply-adds: the FLOPs column of the paper's table 3, K = 0 to 3. */
const TABLE_3 = {
  pre: [45.87, 46.57, 47.97, 50.76],
  mid: [45.61, 46.04, 46.9, 48.62],
  post: [35.37, 35.8, 36.67, 38.39],
} as const;

/** (in, out, side of the input map) of the thirteen blocks at 224 x 224. */
const BLOCKS: [number, number, number][] = [
  [32, 64, 112],
  [64, 128, 112],
  [128, 128, 56],
  [128, 256, 56],
  [256, 256, 28],
  [256, 512, 28],
  ...Array.from({ length: 5 }, (): [number, number, number] => [512, 512, 14]),
  [512, 1024, 14],
  [1024, 1024, 7],
];

/** Multiply-adds of a block for one pixel: 3x3 ones have 9 * 2^k taps an output. */
const PER_PIXEL = {
  pre: (i: number, o: number, k: number) => i * o + o * 9 * 2 ** k + o * o,
  mid: (i: number, o: number, k: number) => i * 9 * 2 ** k + i * o + o * o,
  post: (i: number, o: number, k: number) => i * 9 * 2 ** k + i * i + i * o,
};

function binaryMacs(block: keyof typeof PER_PIXEL, k: number): number {
  return BLOCKS.reduce((sum, [i, o, side]) => sum + PER_PIXEL[block](i, o, k) * side * side, 0);
}

const STEM = 32 * 27 * 112 * 112;
const HEAD = 1024 * 1000;

describe('FLOPs', () => {
  const figures = Object.entries(TABLE_3).flatMap(([block, row]) =>
    row.map((millions, k) => ({ block: block as keyof typeof TABLE_3, k, millions })),
  );
  test.each(figures)('$block, K = $k: $millions million, within 0.02', ({ block, k, millions }) => {
    const { flops } = graphCost(mobinet({ ...full, block, k }));
    expect(Math.abs(flops / 1e6 - millions), `${flops}`).toBeLessThanOrEqual(0.02);
    expect(flops).toBe(STEM + HEAD + binaryMacs(block, k) / 64);
  });

  // The paper's table 4 prints 0.52e8, two digits of 52,065,536.
  test('mid, K = 4: 52 million, to the digits that the paper prints', () => {
    const { flops } = graphCost(mobinet({ ...full, block: 'mid', k: 4 }));
    expect((flops / 1e8).toFixed(2)).toBe('0.52');
    expect(flops).toBe(STEM + HEAD + binaryMacs('mid', 4) / 64);
  });

  test('float MobileNet v1: 569 million, all of them float', () => {
    const { flops, floatMacs, binaryMacs: binary } = graphCost(mobileNetV1(full));
    expect(Math.round(flops / 1e6)).toBe(569);
    expect([floatMacs, binary]).toEqual([flops, 0]);
  });
});

describe('parameters', () => {
  test('Mid K = 3: 8.4 million, 7.34 million of them bits; 2,353 M binary multiply-adds', () => {
    const cost = graphCost(mobinet({ ...full, block: 'mid', k: 3 }));
    expect((cost.params / 1e6).toFixed(1)).toBe('8.4');
    expect(Math.abs(cost.binaryParams / 1e6 - 7.34)).toBeLessThan(0.01);
    expect(Math.round(cost.binaryMacs / 1e6)).toBe(2353);
  });

  // 4,231,976: what PyTorch counts for MobileNet v1 with 1000 classes.
  test('float MobileNet v1: 4,231,976', () => {
    const cost = graphCost(mobileNetV1(full));
    expect(cost.params).toBe(4_231_976);
    expect(cost.binaryParams).toBe(0);
  });

  test('bits are those of all constants, the derived ones too', () => {
    const graph = mobinet({ block: 'mid', k: 1, width: 0.25, size: 32, classes: 10 });
    const { nodes, bits, params, binaryParams } = graphCost(graph);
    const floats = graph.nodes.map((node) => {
      switch (node.op) {
        case 'conv2d':
        case 'dense':
          return node.weight.length + (node.bias?.length ?? 0);
        case 'binary_conv2d':
          return node.alpha!.length;
        case 'prelu':
          return node.slope.length;
        case 'batch_norm':
          return 4 * node.mean.length;
        default:
          return 0;
      }
    });
    expect(bits).toBe(binaryParams + 32 * floats.reduce((a, b) => a + b));
    expect(params).toBeLessThan(binaryParams + floats.reduce((a, b) => a + b));
    expect(nodes.map((node) => node.name)).toEqual(graph.nodes.map((node) => node.name));
    const norm = nodes.find((node) => node.op === 'batch_norm')!;
    expect(norm).toMatchObject({ flops: 0, params: 2 * 8, bits: 4 * 8 * 32, shape: [8, 16, 16] });
  });
});
