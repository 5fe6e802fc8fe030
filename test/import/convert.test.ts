import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ImportError } from '../../src/errors.ts';
import { importModel } from '../../src/import/convert.ts';
import { convertFile } from '../../src/node/convert.ts';
import { type OnnxText, onnxModel } from '../helpers/onnx.ts';
import { processorTime } from '../helpers/processor-time.ts';
import { evaluateGraph } from '../reference/evaluate.ts';

const folder = mkdtempSync(join(tmpdir(), 'mobinet-convert-'));
afterAll(() => rmSync(folder, { recursive: true }));

const signs = (length: number, alpha: number) =>
  Array.from({ length }, (_, at) => ((at * 7) % 5 < 2 ? -alpha : alpha));
const PADS = { pads: [1, 1, 1, 1] };
const W = { name: 'w', shape: [4, 3, 3, 3], floats: signs(108, 0.5) };
const CONV = { op: 'Conv', inputs: ['s', 'w'], output: 'y', ints: PADS };
const SIGN_CONV: OnnxText = {
  nodes: [{ op: 'Sign', inputs: ['x'], output: 's' }, CONV],
  tensors: [W],
};
/** `x` to `y` through one node. */
const one = (op: string, inputs = ['x'], tensors: OnnxText['tensors'] = []): OnnxText => ({
  nodes: [{ op, inputs, output: 'y' }],
  tensors,
});
const lying = (external: Record<string, string>): OnnxText => ({
  ...SIGN_CONV,
  tensors: [{ name: 'w', shape: [4, 3, 3, 3], external }],
});

test('a sign and weights of +-alpha become bits; the rest is as the file says', () => {
  const { graph, report } = importModel(onnxModel(SIGN_CONV));
  expect(report.layers).toMatchObject([{ as: 'bits', convolutions: 1, operation: 'Conv' }]);
  expect(graph.nodes.map(({ op }) => op)).toEqual(['sign', 'binary_conv2d']);
  const input = Float32Array.from({ length: 192 }, (_, at) => ((at * 37) % 11) - 5.5);
  const got = evaluateGraph(graph, input).get(graph.output)!;
  // By hand: output 0 at (0, 0), whose taps above and left lie outside.
  let sum = 0;
  for (let c = 0; c < 3; c++) {
    for (const [ky, kx] of [
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
    ] as const) {
      const tap = Math.sign(input[(c * 8 + ky - 1) * 8 + kx - 1]!);
      sum += tap * W.floats[(c * 3 + ky) * 3 + kx]!;
    }
  }
  expect(got[0]).toBe(sum);
});

test('a sign that is 0 at 0 stays so where zeros happen', () => {
  const relu: OnnxText = {
    nodes: [
      { op: 'Relu', inputs: ['x'], output: 'r' },
      { op: 'Sign', inputs: ['r'], output: 's' },
      { ...CONV, ints: {} },
    ],
    tensors: [{ ...W, floats: signs(108, 1) }],
  };
  const { graph, report } = importModel(onnxModel(relu));
  expect(report.layers).toMatchObject([{ as: 'bits' }]);
  const negative = new Float32Array(192).fill(-3);
  const got = evaluateGraph(graph, negative).get(graph.output)!;
  expect([...got].every((x) => x === 0)).toBe(true);
});

test('weights of +-alpha without a sign before them are warned of', () => {
  const { report } = importModel(
    onnxModel({ nodes: [{ ...CONV, inputs: ['x', 'w'] }], tensors: [W] }),
  );
  expect(report.warnings.join()).toContain('no sign comes before them');
});

test('a file is written whole, and data beside it are read', async () => {
  const external = { location: 'net.onnx.data', offset: '8', length: '432' };
  writeFileSync(join(folder, 'net.onnx'), onnxModel(lying(external)));
  writeFileSync(
    join(folder, 'net.onnx.data'),
    new Uint8Array(Float32Array.from([0, 0, ...W.floats]).buffer),
  );
  const report = await convertFile(join(folder, 'net.onnx'), join(folder, 'net.safetensors'));
  expect(report.layers).toMatchObject([{ as: 'bits' }]);
  expect(existsSync(join(folder, 'net.safetensors'))).toBe(true);
});

test('files of more than maxBytes, and data beside the model that are no file, are refused', async () => {
  const source = join(folder, 'pipe.onnx');
  writeFileSync(source, onnxModel(lying({ location: 'pipe.data' })));
  execFileSync('mkfifo', [join(folder, 'pipe.data')]);
  const target = join(folder, 'pipe.safetensors');
  await expect(convertFile(source, target)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  const tooLarge = convertFile(source, target, { maxBytes: 9 });
  await expect(tooLarge).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
});

const dense = { name: 'w', shape: [4, 5], floats: signs(20, 1) };
const input = (shape: readonly (number | string)[]): OnnxText => ({
  ...SIGN_CONV,
  inputs: [{ name: 'x', shape }],
});
const sound = onnxModel(SIGN_CONV);

/** Broken and foreign files, the code of the refusal, and what its message names. */
const REFUSALS: readonly (readonly [string, Uint8Array | OnnxText, string, RegExp])[] = [
  ['an empty file', new Uint8Array(0), 'IMPORT_FORMAT', /no graph/],
  ['a text', new TextEncoder().encode('hello, this is no model'), 'IMPORT_FORMAT', /no ONNX model/],
  ['zeros', new Uint8Array(4096), 'IMPORT_FORMAT', /no ONNX model/],
  ['a web page', new TextEncoder().encode('<!doctype html><html>'), 'IMPORT_FORMAT', /no ONNX/],
  [
    'a zip file',
    new TextEncoder().encode('PK\u0003\u0004 a checkpoint'),
    'IMPORT_FORMAT',
    /no ONNX/,
  ],
  [
    'TensorFlow Lite',
    new TextEncoder().encode('\u001c\0\0\0TFL3\0\0\0'),
    'IMPORT_FORMAT',
    /TensorFlow/,
  ],
  ...[1, 2, 3, 10, 40, 100, 300, 500].map(
    (length) =>
      [
        `the first ${length} bytes`,
        sound.subarray(0, length),
        'IMPORT_FORMAT',
        /no ONNX model/,
      ] as const,
  ),
  [
    'a message that says it is longer',
    Uint8Array.from([58, 255, 255, 255, 127, 1]),
    'IMPORT_FORMAT',
    /bytes left/,
  ],
  ['a number of eleven bytes', new Uint8Array(12).fill(255), 'IMPORT_FORMAT', /ten bytes/],
  ['opset 3', { ...SIGN_CONV, opset: 3 }, 'IMPORT_FORMAT', /opset 3/],
  ['opset 999', { ...SIGN_CONV, opset: 999 }, 'IMPORT_FORMAT', /opset 999/],
  ['an unknown operation', one('Einsum'), 'IMPORT_UNSUPPORTED', /Einsum y/],
  [
    'an operation called like a property',
    one('constructor'),
    'IMPORT_UNSUPPORTED',
    /constructor y/,
  ],
  ['a recurrent network', one('LSTM'), 'IMPORT_UNSUPPORTED', /LSTM y/],
  [
    'a language model',
    { ...one('Gather', ['w', 'x'], [dense]), inputs: [{ name: 'x', shape: [1, 128] }] },
    'IMPORT_UNSUPPORTED',
    /Gather y/,
  ],
  ['a dynamic height', input([1, 3, 'height', 8]), 'IMPORT_SHAPE', /height/],
  ['a batch of 4', input([4, 3, 8, 8]), 'IMPORT_SHAPE', /\[4, 3, 8, 8\]/],
  ['a volume', input([1, 3, 8, 8, 8]), 'IMPORT_SHAPE', /\[1, 3, 8, 8, 8\]/],
  ['an input of no size', input([1, 3, 0, 8]), 'IMPORT_SHAPE', /\[1, 3, 0, 8\]/],
  ['an enormous input', input([1, 3, 2 ** 20, 2 ** 20]), 'IMPORT_SHAPE', /1048576/],
  [
    'two inputs',
    {
      ...SIGN_CONV,
      inputs: [
        { name: 'x', shape: [1, 3, 8, 8] },
        { name: 'z', shape: [1] },
      ],
    },
    'IMPORT_SHAPE',
    /2 inputs/,
  ],
  ['two outputs', { ...SIGN_CONV, outputs: ['y', 's'] }, 'IMPORT_GRAPH', /2 outputs/],
  ['no outputs', { ...SIGN_CONV, outputs: [] }, 'IMPORT_GRAPH', /0 outputs/],
  [
    'an output that nothing makes',
    { ...SIGN_CONV, outputs: ['q'] },
    'IMPORT_GRAPH',
    /q is made by nothing/,
  ],
  ['a value that nothing makes', one('Relu', ['q']), 'IMPORT_GRAPH', /Relu y: .*q/],
  [
    'two nodes making one value',
    { nodes: [...one('Relu').nodes, ...one('Sign').nodes] },
    'IMPORT_GRAPH',
    /two nodes/,
  ],
  ['a node that reads itself', one('Relu', ['y']), 'IMPORT_GRAPH', /own result/],
  [
    'a cycle',
    {
      nodes: [
        { op: 'Relu', inputs: ['b'], output: 'a' },
        { op: 'Neg', inputs: ['a'], output: 'b' },
        { op: 'Sign', inputs: ['b'], output: 'y' },
      ],
    },
    'IMPORT_GRAPH',
    /own result/,
  ],
  [
    'a cycle of Identity',
    {
      nodes: [
        { op: 'Identity', inputs: ['b'], output: 'a' },
        { op: 'Identity', inputs: ['a'], output: 'b' },
        { op: 'Relu', inputs: ['b'], output: 'y' },
      ],
    },
    'IMPORT_GRAPH',
    /own result/,
  ],
  ['external data that are missing', lying({ location: 'none.data' }), 'IMPORT_DATA', /none\.data/],
  [
    'external data above the folder',
    lying({ location: '../../etc/passwd' }),
    'IMPORT_DATA',
    /passwd/,
  ],
  [
    'external data at an absolute path',
    lying({ location: '/etc/passwd' }),
    'IMPORT_DATA',
    /passwd/,
  ],
  ['external data on a drive', lying({ location: 'C:\\secret' }), 'IMPORT_DATA', /secret/],
  [
    'external data of a negative offset',
    lying({ location: 'short.data', offset: '-8' }),
    'IMPORT_DATA',
    /offset -8/,
  ],
  [
    'external data past their file',
    lying({ location: 'short.data', offset: '90', length: '432' }),
    'IMPORT_DATA',
    /has 100/,
  ],
  [
    'external data of another length',
    lying({ location: 'short.data', length: '96' }),
    'IMPORT_DATA',
    /96 bytes/,
  ],
  ['external data without a name', lying({ offset: '0' }), 'IMPORT_DATA', /not named/],
  [
    'a weight of strings',
    { ...SIGN_CONV, tensors: [{ ...W, dataType: 8 }] },
    'IMPORT_UNSUPPORTED',
    /data type 8/,
  ],
  [
    'a weight that is cut off',
    { ...SIGN_CONV, tensors: [{ ...W, floats: [1, 2] }] },
    'IMPORT_DATA',
    /8 bytes, not 432/,
  ],
  [
    'a weight of enormous shape',
    { ...SIGN_CONV, tensors: [{ ...W, shape: [2 ** 30, 2 ** 30] }] },
    'IMPORT_SHAPE',
    /1073741824/,
  ],
  [
    'a weight that is not finite',
    {
      nodes: [{ ...CONV, inputs: ['x', 'w'] }],
      tensors: [{ ...W, floats: [...signs(107, 1), Number.NaN] }],
    },
    'IMPORT_DATA',
    /NaN/,
  ],
  [
    'weights for other channels',
    { ...SIGN_CONV, tensors: [{ ...W, shape: [3, 4, 3, 3] }] },
    'IMPORT_SHAPE',
    /Conv y.*4 channels/,
  ],
  [
    'a matrix that does not fit',
    one('MatMul', ['x', 'w'], [dense]),
    'IMPORT_UNSUPPORTED',
    /MatMul y/,
  ],
  ['rounding without limits', one('Round'), 'IMPORT_UNSUPPORTED', /Round y/],
  [
    'a network that ignores its picture',
    one('Relu', ['w'], [dense]),
    'IMPORT_UNSUPPORTED',
    /constant/,
  ],
];

test('more than forty files are refused below', () => {
  expect(REFUSALS.length).toBeGreaterThanOrEqual(40);
});

test.each(REFUSALS)('refused: %s', async (name, source, code, named) => {
  const path = join(folder, 'broken.onnx');
  writeFileSync(path, source instanceof Uint8Array ? source : onnxModel(source));
  writeFileSync(join(folder, 'short.data'), new Uint8Array(100));
  const before = readdirSync(folder).length;
  const begin = processorTime();
  const error = await convertFile(path, join(folder, `${name}.safetensors`)).catch((e) => e);
  expect(processorTime() - begin).toBeLessThan(1000);
  expect(error).toBeInstanceOf(ImportError);
  expect(error.code).toBe(code);
  expect(error.message).toMatch(named);
  expect(readdirSync(folder).length).toBe(before);
});
