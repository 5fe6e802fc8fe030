import { describe, expect, test } from 'vitest';
import { type ErrorCode, MobinetError } from '../../src/errors.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { parseGraph } from '../../src/graph/parse.ts';
import { type Definition, f32, tinyNetwork } from '../networks/tiny-network.ts';

function parseChanged(change: (definition: Definition) => void): Graph {
  const definition = tinyNetwork();
  change(definition);
  return parseGraph(definition.json, definition.tensors);
}

/** Sets attributes of a node; `undefined` removes one, as it is not JSON. */
function set(name: string, attributes: Record<string, unknown>) {
  return ({ json }: Definition) => {
    const node = json.nodes.find((candidate) => candidate.name === name);
    if (node === undefined) throw new Error(`no node ${name}`);
    Object.assign(node, attributes);
    for (const key of Object.keys(node)) if (node[key] === undefined) delete node[key];
  };
}

function setTensor(name: string, shape: number[], values: number[]) {
  return ({ tensors }: Definition) => {
    if (!tensors.has(name)) throw new Error(`no tensor ${name}`);
    tensors.set(name, f32(shape, values));
  };
}

function setWords(shape: number[], words: bigint[]) {
  return ({ tensors }: Definition) => {
    tensors.set('binary.weight', { dtype: 'U64', shape, data: BigUint64Array.from(words) });
  };
}

function thrownBy(run: () => unknown): MobinetError {
  try {
    run();
  } catch (error) {
    if (error instanceof MobinetError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

type Case = [
  title: string,
  change: (definition: Definition) => void,
  code: ErrorCode,
  message: RegExp,
];

function expectRefused(cases: Case[]): void {
  test.each(cases)('%s', (_title, change, code, message) => {
    const error = thrownBy(() => parseChanged(change));
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
    expect(error.hint, 'hint').toBeTruthy();
  });
}

describe('a network of every operation', () => {
  const graph = parseChanged(() => undefined);

  test('has its shapes', () => {
    expect(Object.fromEntries(graph.shapes)).toEqual({
      image: [3, 6, 6],
      stem: [4, 6, 6],
      norm: [4, 6, 6],
      bend: [4, 6, 6],
      signs: [4, 6, 6],
      binary: [4, 6, 6],
      sum: [4, 6, 6],
      double: [8, 6, 6],
      scaled: [8, 6, 6],
      cut: [8, 6, 6],
      smooth: [8, 6, 6],
      peaks: [8, 6, 6],
      mean: [8],
      flat: [8],
      logits: [5],
    });
    expect([graph.input.name, graph.output]).toEqual(['image', 'logits']);
  });

  test('has its attributes and tensors', () => {
    const node = (name: string) => graph.nodes.find((candidate) => candidate.name === name);
    expect(node('stem')).toMatchObject({
      kernel: [3, 3],
      stride: [1, 1],
      padding: [1, 1, 1, 1],
      groups: 1,
      inChannels: 3,
      outChannels: 4,
    });
    expect(node('binary')).toMatchObject({
      kernel: [3, 3],
      groups: 2,
      inChannels: 4,
      outChannels: 4,
      paddingValue: 0,
      weight: BigUint64Array.of(0x2aaaan, 0x15555n, 0x3ffffn, 0x00f0fn),
    });
    expect(node('norm')).toMatchObject({ variance: Float32Array.of(1, 0.5, 2, 0.25) });
    expect(node('cut')).toMatchObject({ max: 6 });
    expect(node('logits')).toMatchObject({ inChannels: 8, outChannels: 5 });
  });

  test('has defaults for what may be left out', () => {
    const bare = parseChanged((definition) => {
      set('stem', { bias: undefined, groups: undefined })(definition);
      set('signs', { threshold: undefined })(definition);
      set('binary', { alpha: undefined, padding_value: undefined })(definition);
      set('scaled', { scale: undefined, bias: undefined })(definition);
      set('cut', { max: undefined })(definition);
      set('logits', { bias: undefined })(definition);
    });
    const node = (name: string) => bare.nodes.find((candidate) => candidate.name === name);
    expect(node('stem')).toMatchObject({ bias: undefined, groups: 1 });
    expect(node('signs')).toMatchObject({ threshold: undefined });
    expect(node('binary')).toMatchObject({ alpha: undefined, paddingValue: 0 });
    expect(node('scaled')).toMatchObject({ scale: undefined, bias: undefined });
    expect(node('cut')).toMatchObject({ max: undefined });
    expect(node('logits')).toMatchObject({ bias: undefined });
  });

  test('may have one slope for all channels', () => {
    expect(() => parseChanged(setTensor('slope', [1], [0.25]))).not.toThrow();
  });

  test('may have values that nobody reads', () => {
    expect(() =>
      parseChanged(({ json }) => {
        json.nodes.push({ name: 'unread', op: 'relu', inputs: ['stem'] });
      }),
    ).not.toThrow();
  });
});

test.each([
  ['null', null],
  ['a number', 3],
  ['an array', []],
  ['a string', 'graph'],
])('a graph that is %s is refused', (_title, json) => {
  const error = thrownBy(() => parseGraph(json, new Map()));
  expect([error.code, error.message]).toEqual([
    'GRAPH_INVALID',
    expect.stringMatching(/not a JSON object/),
  ]);
});

describe('inputs, nodes and outputs', () => {
  const input = (name: unknown, shape: unknown) => (d: Definition) => {
    d.json.inputs = [{ name, shape }];
  };
  expectRefused([
    ['no inputs', (d) => (d.json.inputs = undefined), 'GRAPH_INVALID', /exactly one input/],
    ['two inputs', (d) => (d.json.inputs = [{}, {}]), 'GRAPH_INVALID', /exactly one input/],
    ['an input without a name', input(undefined, [3, 6, 6]), 'GRAPH_INVALID', /input is missing/],
    ['an input with an empty name', input('', [3, 6, 6]), 'GRAPH_INVALID', /input is ""/],
    ['an input that is a vector', input('image', [3]), 'GRAPH_INVALID', /"image" \[3\]/],
    ['an input of no pixels', input('image', [3, 0, 6]), 'GRAPH_INVALID', /\[3, 0, 6\]/],
    ['half a pixel', input('image', [3, 6.5, 6]), 'GRAPH_INVALID', /\[3, 6\.5, 6\]/],
    ['an absurd input', input('image', [3, 1e5, 1e5]), 'GRAPH_INVALID', /100000/],
    ['no nodes', (d) => (d.json.nodes = []), 'GRAPH_INVALID', /no nodes/],
    [
      'nodes that are no array',
      (d) => Object.assign(d.json, { nodes: {} }),
      'GRAPH_INVALID',
      /no nodes/,
    ],
    [
      'too many nodes',
      (d) => {
        d.json.nodes = Array.from({ length: 10_001 }, () => ({}));
      },
      'GRAPH_INVALID',
      /10001 nodes/,
    ],
    [
      'a node that is no object',
      (d) => Object.assign(d.json.nodes, { 1: 'norm' }),
      'GRAPH_INVALID',
      /Node 1 is not a JSON object/,
    ],
    ['no output', (d) => (d.json.outputs = []), 'GRAPH_INVALID', /outputs are \[\]/],
    [
      'two outputs',
      (d) => (d.json.outputs = ['sum', 'logits']),
      'GRAPH_INVALID',
      /\["sum", "logits"\]/,
    ],
    ['an unknown output', (d) => (d.json.outputs = ['x']), 'GRAPH_INVALID', /\["x"\]/],
    ['the input as output', (d) => (d.json.outputs = ['image']), 'GRAPH_INVALID', /\["image"\]/],
    ['a binary output', (d) => (d.json.outputs = ['signs']), 'GRAPH_INVALID', /\["signs"\]/],
  ]);
});

describe('names', () => {
  expectRefused([
    ['a node without a name', set('bend', { name: undefined }), 'GRAPH_INVALID', /Node 2: name/],
    ['an empty name', set('bend', { name: '' }), 'GRAPH_INVALID', /Node 2: name is ""/],
    ['a name that is no string', set('bend', { name: 3 }), 'GRAPH_INVALID', /Node 2: name is 3/],
    ['two nodes of one name', set('norm', { name: 'stem' }), 'GRAPH_INVALID', /called stem/],
    ['a node called as the input', set('stem', { name: 'image' }), 'GRAPH_INVALID', /called image/],
    [
      'an undefined input',
      set('bend', { inputs: ['nothing'] }),
      'GRAPH_INVALID',
      /prelu bend reads nothing/,
    ],
    [
      'a node that reads itself',
      set('bend', { inputs: ['bend'] }),
      'GRAPH_INVALID',
      /prelu bend reads bend/,
    ],
    [
      'a node that reads a later one',
      set('bend', { inputs: ['sum'] }),
      'GRAPH_INVALID',
      /reads sum/,
    ],
    ['inputs that are no array', set('bend', { inputs: 'norm' }), 'GRAPH_INVALID', /bend: inputs/],
    ['inputs that are no names', set('bend', { inputs: [3] }), 'GRAPH_INVALID', /inputs is \[3\]/],
    ['two inputs of one', set('bend', { inputs: ['norm', 'norm'] }), 'GRAPH_INVALID', /2 names/],
    ['one input of two', set('sum', { inputs: ['bend'] }), 'GRAPH_INVALID', /sum: inputs has 1/],
    ['three inputs of two', set('sum', { inputs: ['bend', 'bend', 'bend'] }), 'GRAPH_INVALID', /3/],
    [
      'a concat of one',
      set('double', { inputs: ['sum'] }),
      'GRAPH_INVALID',
      /double: inputs has 1/,
    ],
  ]);
});

describe('operations and attributes', () => {
  expectRefused([
    ['an unknown one', set('bend', { op: 'gelu' }), 'UNKNOWN_OPERATION', /bend .* "gelu".*conv2d/],
    ["an object's own property", set('bend', { op: 'toString' }), 'UNKNOWN_OPERATION', /toString/],
    ['none', set('bend', { op: undefined }), 'GRAPH_INVALID', /Node bend: op is missing/],
    [
      'an attribute of no meaning',
      set('stem', { dilations: [2, 2] }),
      'GRAPH_INVALID',
      /conv2d stem: unknown attribute "dilations" \(known are .*groups/,
    ],
    ['no stride', set('stem', { stride: undefined }), 'GRAPH_INVALID', /stem: stride is missing/],
    ['stride 0', set('stem', { stride: [0, 1] }), 'GRAPH_INVALID', /stem: stride is \[0, 1\]/],
    ['one stride', set('stem', { stride: [1] }), 'GRAPH_INVALID', /stride is \[1\]/],
    ['a huge stride', set('stem', { stride: [1, 1025] }), 'GRAPH_INVALID', /1025.*from 1 to 1024/],
    ['no padding', set('stem', { padding: undefined }), 'GRAPH_INVALID', /padding is missing/],
    ['padding -1', set('stem', { padding: [-1, 0, 0, 0] }), 'GRAPH_INVALID', /padding is \[-1/],
    ['two paddings', set('stem', { padding: [1, 1] }), 'GRAPH_INVALID', /4 whole numbers/],
    ['kernel 0', set('binary', { kernel: [0, 3] }), 'GRAPH_INVALID', /binary: kernel is \[0, 3\]/],
    ['no channels', set('binary', { in_channels: 0 }), 'GRAPH_INVALID', /in_channels is 0/],
    [
      'half a channel',
      set('binary', { out_channels: 4.5 }),
      'GRAPH_INVALID',
      /out_channels is 4.5/,
    ],
    ['groups 0', set('binary', { groups: 0 }), 'GRAPH_INVALID', /binary: groups is 0/],
    [
      'groups that divide neither',
      set('binary', { groups: 3 }),
      'GRAPH_INVALID',
      /3 groups of 4 input and 4 output/,
    ],
    [
      'groups that divide the input only',
      set('stem', { groups: 3 }),
      'GRAPH_INVALID',
      /3 groups of 9 input and 4 output/,
    ],
    ['padding value 2', set('binary', { padding_value: 2 }), 'GRAPH_INVALID', /padding_value is 2/],
    [
      'padding value 0.5',
      set('binary', { padding_value: 0.5 }),
      'GRAPH_INVALID',
      /padding_value is 0.5/,
    ],
    ['no epsilon', set('norm', { epsilon: undefined }), 'GRAPH_INVALID', /epsilon is missing/],
    ['epsilon -1', set('norm', { epsilon: -1 }), 'GRAPH_INVALID', /norm: epsilon is -1/],
    ['epsilon "1"', set('norm', { epsilon: '1' }), 'GRAPH_INVALID', /norm: epsilon is "1"/],
    ['epsilon NaN', set('norm', { epsilon: Number.NaN }), 'GRAPH_INVALID', /epsilon is NaN/],
    [
      'epsilon beyond float32',
      set('norm', { epsilon: 1e39 }),
      'GRAPH_INVALID',
      /epsilon is 1e\+39/,
    ],
    [
      'variance 0 with an epsilon that vanishes in float32',
      (d) => {
        set('norm', { epsilon: 1e-60 })(d);
        setTensor('norm.variance', [4], [1, 1, 0, 1])(d);
      },
      'GRAPH_INVALID',
      /variance \+ epsilon is 0 in channel 2/,
    ],
    [
      'negative variance',
      setTensor('norm.variance', [4], [1, -1, 1, 1]),
      'GRAPH_INVALID',
      /norm: variance .* channel 1/,
    ],
    ['max -1', set('cut', { max: -1 }), 'GRAPH_INVALID', /relu cut: max is -1/],
    [
      'a pool padded by its kernel',
      set('peaks', { padding: [0, 2, 0, 0] }),
      'GRAPH_INVALID',
      /peaks: padding \[0, 2, 0, 0\] for a kernel of 2x2/,
    ],
    [
      '8-bit weights without factors',
      set('logits', { weight_scale: undefined }),
      'GRAPH_INVALID',
      /I8 weights without weight_scale/,
    ],
    [
      'float weights with factors',
      setTensor('head.weight', [5, 8], Array(40).fill(1)),
      'GRAPH_INVALID',
      /weight_scale beside float weights/,
    ],
    [
      'an empty weight',
      setTensor('stem.weight', [0, 3, 3, 3], []),
      'GRAPH_INVALID',
      /stem: its weight is empty/,
    ],
  ]);
});

describe('binary and float values', () => {
  expectRefused([
    [
      'a binary convolution of floats',
      set('binary', { inputs: ['bend'] }),
      'GRAPH_INVALID',
      /binary_conv2d binary reads bend, which is not binary/,
    ],
    [
      'a binary convolution of numbers of other bits',
      set('binary', { bits: 2 }),
      'GRAPH_INVALID',
      /binary_conv2d binary reads signs, which is a sign/,
    ],
    [
      'levels of five thresholds',
      ({ json, tensors }) => {
        tensors.set('five', { dtype: 'F32', shape: [5, 1], data: new Float32Array(5) });
        json.nodes.splice(4, 0, { name: 'q', op: 'levels', inputs: ['bend'], thresholds: 'five' });
      },
      'GRAPH_INVALID',
      /levels q: 5 thresholds.*3, 7 or 15/,
    ],
    [
      'bounds of a rounding that are not whole',
      ({ json }) => {
        json.nodes.splice(4, 0, { name: 'r', op: 'round', inputs: ['bend'], min: -0.5, max: 3 });
      },
      'GRAPH_INVALID',
      /round r: min is -0.5, max is 3/,
    ],
    [
      'an addition of signs',
      set('sum', { inputs: ['signs', 'bend'] }),
      'GRAPH_INVALID',
      /add sum reads signs, which is binary/,
    ],
    [
      'a sign of signs',
      ({ json }) => json.nodes.splice(4, 0, { name: 'again', op: 'sign', inputs: ['signs'] }),
      'GRAPH_INVALID',
      /sign again reads signs, which is binary/,
    ],
  ]);
});

describe('tensors', () => {
  expectRefused([
    [
      'one that is not there',
      set('stem', { weight: 'nothing' }),
      'TENSOR_MISSING',
      /conv2d stem: weight names the tensor "nothing"/,
    ],
    ['no name', set('stem', { weight: undefined }), 'GRAPH_INVALID', /stem: weight is missing/],
    [
      'bits where floats are wanted',
      set('stem', { weight: 'binary.weight' }),
      'TENSOR_MISMATCH',
      /stem: weight .* U64 \[4, 1\].*F32/,
    ],
    [
      'floats where bits are wanted',
      set('binary', { weight: 'stem.weight' }),
      'TENSOR_MISMATCH',
      /binary: weight .* F32 .*must be U64/,
    ],
    [
      'three dimensions for four',
      setTensor('stem.weight', [4, 9, 3], Array(108).fill(0)),
      'TENSOR_MISMATCH',
      /\[4, 9, 3\].*4 dimensions/,
    ],
    [
      'a bias of another length',
      setTensor('stem.bias', [3], [0, 0, 0]),
      'TENSOR_MISMATCH',
      /stem: bias is \[3\].*\[4\]/,
    ],
    [
      'an alpha of another length',
      setTensor('binary.alpha', [5], [1, 1, 1, 1, 1]),
      'TENSOR_MISMATCH',
      /binary: alpha is \[5\]/,
    ],
    [
      'batch norm of two lengths',
      setTensor('norm.gamma', [3], [1, 1, 1]),
      'TENSOR_MISMATCH',
      /norm: gamma is \[3\]/,
    ],
    [
      'factors of another length',
      setTensor('head.scale', [4], [1, 1, 1, 1]),
      'TENSOR_MISMATCH',
      /logits: weight_scale is \[4\]/,
    ],
    ['too few words', setWords([3, 1], [0n, 0n, 0n]), 'TENSOR_MISMATCH', /\[3, 1\].*\[4, 1\]/],
    [
      'too many words',
      setWords([4, 2], Array(8).fill(0n)),
      'TENSOR_MISMATCH',
      /\[4, 2\].*\[4, 1\]/,
    ],
    [
      'bits past the end of a filter',
      setWords([4, 1], [0n, 0n, 1n << 18n, 0n]),
      'TENSOR_MISMATCH',
      /filter 2 has bits past its 18 elements/,
    ],
    [
      'NaN',
      setTensor('stem.bias', [4], [0, 0, Number.NaN, 0]),
      'TENSOR_MISMATCH',
      /stem: bias has NaN at index 2/,
    ],
    [
      'infinity',
      setTensor('slope', [4], [0, Number.POSITIVE_INFINITY, 0, 0]),
      'TENSOR_MISMATCH',
      /bend: slope has Infinity at index 1/,
    ],
    [
      'NaN in float weights of a dense layer',
      (d) => {
        set('logits', { weight_scale: undefined })(d);
        setTensor('head.weight', [5, 8], [Number.NaN, ...Array(39).fill(0)])(d);
      },
      'TENSOR_MISMATCH',
      /logits: weight has NaN at index 0/,
    ],
  ]);
});

describe('shapes', () => {
  expectRefused([
    [
      'a convolution for other channels',
      set('stem', { groups: 2 }),
      'SHAPE_MISMATCH',
      /stem: it is for 6 channels, its input is \[3, 6, 6\]/,
    ],
    [
      'a window larger than the padded map',
      (d) => {
        d.json.inputs = [{ name: 'image', shape: [3, 6, 1] }];
        set('stem', { padding: [0, 1, 0, 0] })(d);
      },
      'SHAPE_MISMATCH',
      /stem: a window of 3 does not fit 1 pixels with padding 1 and 0/,
    ],
    [
      'thresholds for other channels',
      setTensor('threshold', [3], [0, 0, 0]),
      'SHAPE_MISMATCH',
      /sign signs: threshold is for 3 channels/,
    ],
    [
      'slopes for other channels',
      setTensor('slope', [2], [0, 0]),
      'SHAPE_MISMATCH',
      /bend: slope is for 2 channels/,
    ],
    [
      'factors for other channels',
      setTensor('affine.scale', [4], [1, 1, 1, 1]),
      'SHAPE_MISMATCH',
      /scaled: scale is for 4 channels/,
    ],
    [
      'an offset for other channels',
      setTensor('affine.bias', [4], [1, 1, 1, 1]),
      'SHAPE_MISMATCH',
      /scaled: bias is for 4 channels/,
    ],
    [
      'a batch norm for other channels',
      set('norm', { inputs: ['image'] }),
      'SHAPE_MISMATCH',
      /norm: it is for 4 channels/,
    ],
    [
      'a sum of two shapes',
      set('sum', { inputs: ['binary', 'image'] }),
      'SHAPE_MISMATCH',
      /sum: its inputs are \[4, 6, 6\] and \[3, 6, 6\]/,
    ],
    [
      'a concat of two sizes',
      (d) => {
        set('stem', { stride: [2, 2] })(d);
        set('double', { inputs: ['sum', 'image'] })(d);
      },
      'SHAPE_MISMATCH',
      /double: its inputs are \[4, 3, 3\] and \[3, 6, 6\]/,
    ],
    [
      'a pool of a vector',
      set('flat', { op: 'global_average_pool' }),
      'SHAPE_MISMATCH',
      /flat: its input is a vector \[8\]/,
    ],
    [
      'a dense layer of a map',
      set('logits', { inputs: ['peaks'] }),
      'SHAPE_MISMATCH',
      /logits: its input is a map \[8, 6, 6\]/,
    ],
    [
      'a dense layer for another length',
      ({ tensors }) => {
        tensors.set('head.weight', { dtype: 'I8', shape: [5, 7], data: new Int8Array(35) });
      },
      'SHAPE_MISMATCH',
      /logits: weight is for 7 channels, its input is \[8\]/,
    ],
    [
      'a value beyond 2^28 numbers',
      (d) => {
        d.json.inputs = [{ name: 'image', shape: [3, 8192, 8192] }];
      },
      'SHAPE_MISMATCH',
      /double makes 536870912 numbers/,
    ],
  ]);
});

describe('JSON made to trip its reader', () => {
  const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);
  const awkward: [string, unknown][] = [
    ['nested beyond the stack', deep],
    ['an object that cannot become a string', JSON.parse('{"toString":1,"valueOf":1}')],
    ['a string of a megabyte', 'x'.repeat(1e6)],
    ['null', null],
    ['-0.5e308', -0.5e308],
  ];
  test.each(awkward)('%s as any attribute is refused by name', (_title, value) => {
    const { nodes } = tinyNetwork().json;
    for (const node of nodes) {
      for (const key of Object.keys(node).filter((name) => name !== 'name')) {
        const error = thrownBy(() => parseChanged(set(node.name as string, { [key]: value })));
        expect(error.message.length).toBeLessThan(500);
        expect(error.message).toContain(node.name);
        expect(error.message).toMatch(key === 'op' ? /operation|op is/ : key);
      }
    }
    for (const key of ['inputs', 'nodes', 'outputs']) {
      const error = thrownBy(() => parseChanged((d) => Object.assign(d.json, { [key]: value })));
      expect(error.code).toBe('GRAPH_INVALID');
    }
  });
});
