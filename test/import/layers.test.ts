/** What single operations of ONNX compute once they are imported, against their definitions. */

import { describe, expect, test } from 'vitest';
import { parseModelFile } from '../../src/file/model-file.ts';
import { convertModel, importModel } from '../../src/import/convert.ts';
import { type OnnxNodeText, type OnnxText, onnxModel } from '../helpers/onnx.ts';
import { evaluateGraph } from '../reference/evaluate.ts';

const SHAPE = [1, 4, 3, 5];
const input = Float32Array.from({ length: 60 }, (_, at) => ((at * 37) % 17) - 8);

function outputOf(nodes: readonly OnnxNodeText[], tensors: OnnxText['tensors'] = []): number[] {
  const { graph } = importModel(
    onnxModel({ nodes, tensors, inputs: [{ name: 'x', shape: SHAPE }] }),
  );
  return [...evaluateGraph(graph, input).get(graph.output)!];
}

function expectClose(got: readonly number[], wanted: ArrayLike<number>): void {
  expect(got).toHaveLength(wanted.length);
  for (const [at, x] of got.entries()) expect(x).toBeCloseTo(wanted[at]!, 5);
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const hard = (x: number, scale: number) => Math.min(Math.max(x * scale + 0.5, 0), 1);

test.each<[string, (x: number) => number]>([
  ['Sigmoid', sigmoid],
  ['Tanh', Math.tanh],
  ['HardSigmoid', (x) => hard(x, 0.2)],
  ['HardSwish', (x) => x * hard(x, 1 / 6)],
])('%s of a map', (op, f) => {
  expectClose(outputOf([{ op, inputs: ['x'], output: 'y' }]), input.map(f));
});

test('swish, a map times its own sigmoid', () => {
  const nodes = [
    { op: 'Sigmoid', inputs: ['x'], output: 'gate' },
    { op: 'Mul', inputs: ['gate', 'x'], output: 'y' },
  ];
  expectClose(
    outputOf(nodes),
    input.map((x) => x * sigmoid(x)),
  );
});

test('the parts of a Split, in another order', () => {
  const nodes = [
    { op: 'Split', inputs: ['x', 'sizes'], outputs: ['a', 'b'], int: { axis: 1 } },
    { op: 'Concat', inputs: ['b', 'a'], output: 'y' },
  ];
  const sizes = { name: 'sizes', shape: [2], floats: [1, 3] };
  const [a, rest] = [input.subarray(0, 15), input.subarray(15)];
  expectClose(outputOf(nodes, [sizes]), [...rest, ...a]);
});

test.each(['floats', 'bits'])('a dilated convolution of %s', (kind) => {
  const first = kind === 'bits' ? -0.5 : 3;
  const weight = [first, 0.5, 0.5, -0.5, 0.5, 0.5, -0.5, 0.5];
  const conv = { op: 'Conv', output: 'y', ints: { dilations: [1, 3] } };
  const nodes = [
    { op: 'Greater', inputs: ['x', 'half'], output: 'over' },
    { op: 'Where', inputs: ['over', 'one', 'minus'], output: 's' },
    { ...conv, inputs: ['s', 'w'] },
  ];
  const scalar = (name: string, x: number) => ({ name, shape: [], floats: [x] });
  const tensors = [
    { name: 'w', shape: [1, 4, 1, 2], floats: weight },
    ...[scalar('half', 0.5), scalar('one', 1), scalar('minus', -1)],
  ];
  const wanted = Array.from({ length: 6 }, (_, at) => {
    const [y, x] = [Math.floor(at / 2), at % 2];
    let sum = 0;
    for (let c = 0; c < 4; c++) {
      for (const k of [0, 1]) {
        const tap = input[(c * 3 + y) * 5 + x + 3 * k]! > 0.5 ? 1 : -1;
        sum += tap * weight[2 * c + k]!;
      }
    }
    return sum;
  });
  expectClose(outputOf(nodes, tensors), wanted);
});

test('the largest of taps that are apart', () => {
  const pool = { op: 'MaxPool', inputs: ['x'], output: 'y' };
  const ints = { kernel_shape: [2, 2], dilations: [2, 3], pads: [0, 1, 0, 0] };
  const at = (c: number, y: number, x: number) =>
    x < 0 ? Number.NEGATIVE_INFINITY : input[(c * 3 + y) * 5 + x]!;
  const wanted = Array.from({ length: 12 }, (_, index) => {
    const [c, x] = [Math.floor(index / 3), index % 3];
    return Math.max(at(c, 0, x - 1), at(c, 2, x - 1), at(c, 0, x + 2), at(c, 2, x + 2));
  });
  expect(outputOf([{ ...pool, ints }])).toEqual(wanted);
});

test('an average pool whose taps are apart is refused by name, with what could be done', () => {
  const ints = { kernel_shape: [2, 2], dilations: [2, 2] };
  const nodes = [{ op: 'AveragePool', inputs: ['x'], output: 'y', ints }];
  expect(() => outputOf(nodes)).toThrow(/AveragePool.*average pool with dilation 2x2.*convolution/);
});

test.each([
  [4, 2, 'levels'],
  [6, 3, 'levels'],
  [16, 4, 'levels'],
  [3, 1, 'sign'],
])('an activation of %i levels is read with %i bits', (count, bits, op) => {
  const scalar = (name: string, x: number) => ({ name, shape: [], floats: [x] });
  const largest = count - 1;
  const nodes = [
    { op: 'Div', inputs: ['x', 'eight'], output: 'u' },
    { op: 'Clip', inputs: ['u', 'zero', 'one'], output: 'c' },
    { op: 'Mul', inputs: ['c', 'n'], output: 'm' },
    { op: 'Round', inputs: ['m'], output: 'r' },
    { op: 'Div', inputs: ['r', 'n'], output: 'q' },
    { op: 'Conv', inputs: ['q', 'w'], output: 'y', ints: { pads: [0, 1, 0, 1] } },
  ];
  const weight = Array.from({ length: 24 }, (_, at) => ((at * 5) % 7 < 3 ? 0.5 : -0.5));
  const tensors = [
    { name: 'w', shape: [2, 4, 1, 3], floats: weight },
    ...[scalar('eight', 8), scalar('zero', 0), scalar('one', 1), scalar('n', largest)],
  ];
  const { graph, report } = importModel(
    onnxModel({ nodes, tensors, inputs: [{ name: 'x', shape: SHAPE }] }),
  );
  const half = (x: number) => (x % 1 === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));
  const level = (c: number, y: number, x: number) => {
    if (x < 0 || x > 4) return 0;
    return half(Math.min(Math.max(input[(c * 3 + y) * 5 + x]! / 8, 0), 1) * largest) / largest;
  };
  const wanted = Array.from({ length: 30 }, (_, at) => {
    const [o, y, x] = [Math.floor(at / 15), Math.floor((at % 15) / 5), at % 5];
    let sum = 0;
    for (const c of [0, 1, 2, 3]) {
      for (const k of [0, 1, 2]) sum += weight[(o * 4 + c) * 3 + k]! * level(c, y, x + k - 1);
    }
    return sum;
  });
  expectClose([...evaluateGraph(graph, input).get(graph.output)!], wanted);
  const convolutions = graph.nodes.filter((node) => node.op === 'binary_conv2d');
  expect(convolutions).toHaveLength(op === 'sign' ? 2 : 1);
  expect(convolutions[0]!.bits).toBe(bits);
  expect(graph.nodes.some((node) => node.op === op)).toBe(true);
  expect(report.layers[0]!.why).toContain(`input of ${count} levels`);
});

/** Of 2 outputs by 4 channels and a 1 x 2 kernel. */
const OF_LEVELS: readonly [what: string, bases: number, weight: readonly number[]][] = [
  [
    "two bits' two's complement, a step for each filter",
    3,
    [-2, -1, 0, 1, 1, 0, -2, -2, -0.5, 0, 0.25, 0.25, -0.25, -0.5, 0, 0.25],
  ],
  ["four bits' two's complement", 5, [-8, 7, -3, 2, 0, -1, 5, -6, 3, -7, 1, 4, -2, 6, -5, -4]],
  [
    'three bases with factors of their own',
    3,
    [-1.75, -1, 1, 1.75, 1.75, -1, -1.75, 1, -3.5, -2, 2, 3.5, -2, -2, 3.5, 2],
  ],
  ['0 and 1', 2, [0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1]],
];

test.each(OF_LEVELS)('weights of %s that read signs are %i bases', (_, bases, weight) => {
  const scalar = (name: string, x: number) => ({ name, shape: [], floats: [x] });
  const nodes = [
    { op: 'Greater', inputs: ['x', 'half'], output: 'over' },
    { op: 'Where', inputs: ['over', 'one', 'minus'], output: 's' },
    { op: 'Conv', inputs: ['s', 'w'], output: 'y' },
  ];
  const tensors = [
    { name: 'w', shape: [2, 4, 1, 2], floats: weight },
    ...[scalar('half', 0.5), scalar('one', 1), scalar('minus', -1)],
  ];
  const wanted = Array.from({ length: 24 }, (_, at) => {
    const [output, y, x] = [Math.floor(at / 12), Math.floor(at / 4) % 3, at % 4];
    let sum = 0;
    for (let c = 0; c < 4; c++) {
      for (const k of [0, 1]) {
        const tap = input[(c * 3 + y) * 5 + x + k]! > 0.5 ? 1 : -1;
        sum += tap * weight[(output * 4 + c) * 2 + k]!;
      }
    }
    return sum;
  });
  expectClose(outputOf(nodes, tensors), wanted);
  const model = onnxModel({ nodes, tensors, inputs: [{ name: 'x', shape: SHAPE }] });
  expect(importModel(model).report.layers).toMatchObject([{ as: 'bits', convolutions: bases }]);
});

const means = [0, 1, 2, 3].map(
  (c) => input.subarray(c * 15, c * 15 + 15).reduce((a, b) => a + b) / 15,
);

test('the mean of one axis after the other', () => {
  const mean = { op: 'ReduceMean', int: { keepdims: 0 } };
  const nodes = [
    { ...mean, inputs: ['x'], output: 'rows', ints: { axes: [-1] } },
    { ...mean, inputs: ['rows'], output: 'y', ints: { axes: [-1] } },
  ];
  expectClose(outputOf(nodes), means);
});

test('one axis squeezed after the other, and a LogSoftmax at the end left out', () => {
  const axis = { name: 'axis', shape: [1], floats: [-1] };
  const nodes = [
    { op: 'GlobalAveragePool', inputs: ['x'], output: 'p' },
    { op: 'Squeeze', inputs: ['p', 'axis'], output: 's' },
    { op: 'Squeeze', inputs: ['s', 'axis'], output: 'v' },
    { op: 'LogSoftmax', inputs: ['v'], output: 'y' },
  ];
  expectClose(outputOf(nodes, [axis]), means);
});

test('the Reciprocal of a constant', () => {
  const nodes = [
    { op: 'Reciprocal', inputs: ['c'], output: 'r' },
    { op: 'Mul', inputs: ['x', 'r'], output: 'y' },
  ];
  const four = { name: 'c', shape: [], floats: [4] };
  expectClose(
    outputOf(nodes, [four]),
    input.map((x) => x / 4),
  );
});

test.each([
  [1, 'grey'],
  [2, 'grey and alpha'],
  [4, 'RGBA'],
])('an input of %i channels reads RGB pictures as %s', async (channels, what) => {
  const weight = Array.from({ length: 5 * channels }, (_, at) => ((at * 7) % 5) - 1.5);
  const source = onnxModel({
    nodes: [
      { op: 'Conv', inputs: ['x', 'w'], output: 'c' },
      { op: 'GlobalAveragePool', inputs: ['c'], output: 'p' },
      { op: 'Flatten', inputs: ['p'], output: 'y' },
    ],
    tensors: [{ name: 'w', shape: [5, channels, 1, 1], floats: weight }],
    inputs: [{ name: 'x', shape: [1, channels, 1, 2] }],
  });
  const raw = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] } as const;
  const { bytes, report } = await convertModel(source, { preprocessing: raw });
  expect(report.notes.join()).toContain(`the input is ${what}`);
  const { graph } = parseModelFile(bytes);
  const rgb = Float32Array.of(10, 20, 100, 100, 0, 50);
  const grey = [0, 1].map((at) => 0.299 * rgb[at]! + 0.587 * rgb[2 + at]! + 0.114 * rgb[4 + at]!);
  const planes = channels < 3 ? [...grey, 255, 255] : [...rgb, 255, 255];
  const wanted = Array.from({ length: 5 }, (_, o) => {
    let sum = 0;
    for (let at = 0; at < 2 * channels; at++) {
      sum += weight[o * channels + Math.floor(at / 2)]! * planes[at]!;
    }
    return sum / 2;
  });
  const got = evaluateGraph(graph, rgb).get(graph.output)!;
  for (const [o, x] of got.entries()) expect(x).toBeCloseTo(wanted[o]!, 3);
});

/** Weights of 2 outputs by 4 channels and a 1 x 2 kernel, alpha of its own for each output. */
const FEW_VALUED = {
  binary: [0.5, 0.5, 0.5, -0.5, 0.5, 0.5, -0.5, 0.5, -2, -2, 2, 2, -2, 2, -2, -2],
  ternary: [0.5, 0, 0.5, -0.5, 0, 0.5, -0.5, 0.5, -2, -2, 0, 0, -2, 2, 0, -2],
};

describe.each(['binary', 'ternary'] as const)('%s weights that read floats', (kind) => {
  const weight = FEW_VALUED[kind];
  const bias = { name: 'b', shape: [2], floats: [0.25, -3] };

  test('of a convolution are bits, computed as the floats are', () => {
    const nodes = [{ op: 'Conv', inputs: ['x', 'w', 'b'], output: 'y' }];
    const tensors = [{ name: 'w', shape: [2, 4, 1, 2], floats: weight }, bias];
    const wanted = Array.from({ length: 24 }, (_, at) => {
      const [output, y, x] = [Math.floor(at / 12), Math.floor(at / 4) % 3, at % 4];
      let sum = bias.floats[output]!;
      for (let c = 0; c < 4; c++) {
        for (const k of [0, 1]) {
          sum += input[(c * 3 + y) * 5 + x + k]! * weight[(output * 4 + c) * 2 + k]!;
        }
      }
      return sum;
    });
    expectClose(outputOf(nodes, tensors), wanted);
    const model = onnxModel({ nodes, tensors, inputs: [{ name: 'x', shape: SHAPE }] });
    const { graph, report } = importModel(model);
    expect(graph.nodes.map(({ op }) => op)).toContain('binary_weight_conv2d');
    expect(report.layers).toMatchObject([{ as: 'bits', convolutions: 1, warning: true }]);
  });

  test('of a dense layer are bits, and the logits are a vector', () => {
    const nodes = [
      { op: 'GlobalAveragePool', inputs: ['x'], output: 'p' },
      { op: 'Flatten', inputs: ['p'], output: 'f' },
      { op: 'Gemm', inputs: ['f', 'w', 'b'], output: 'y', int: { transB: 1 } },
    ];
    const rows = weight.filter((_, at) => at % 2 === 0);
    const tensors = [{ name: 'w', shape: [2, 4], floats: rows }, bias];
    const wanted = bias.floats.map((b, output) =>
      means.reduce((sum, mean, c) => sum + mean * rows[output * 4 + c]!, b),
    );
    expectClose(outputOf(nodes, tensors), wanted);
    const model = onnxModel({ nodes, tensors, inputs: [{ name: 'x', shape: SHAPE }] });
    const { graph } = importModel(model);
    expect(graph.nodes.map(({ op }) => op)).toContain('binary_weight_conv2d');
    expect(graph.shapes.get(graph.output)).toEqual([2]);
  });
});
