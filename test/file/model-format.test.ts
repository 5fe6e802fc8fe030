/** docs/model-format.md, held against what reads and writes it. */

import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { FORMAT_VERSION, parseModelFile } from '../../src/file/model-file.ts';
import { parseSafetensors, writeSafetensors } from '../../src/file/safetensors.ts';
import { parseGraph } from '../../src/graph/parse.ts';
import { preprocess } from '../../src/image/preprocess.ts';
import { OPERATIONS, type OpName } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { BUILDS, runGraph } from '../helpers/run.ts';

const document = readFileSync(new URL('../../docs/model-format.md', import.meta.url), 'utf8');

/** A block of code of the example. */
function block(language: string): string {
  const example = document.split('## A whole example')[1]!;
  return example.split(`\`\`\`${language}\n`)[1]!.split('```')[0]!;
}

interface Attribute {
  readonly name: string;
  readonly isTensor: boolean;
  readonly mayBeAbsent: boolean;
  readonly fallback: number | undefined;
}

interface Row {
  readonly op: string;
  readonly inputs: string;
  readonly attributes: readonly Attribute[];
}

/** The table of operations; a row of two has two entries. */
function tableOfOperations(): Row[] {
  const table = document.split('| op | inputs |')[1]!.split('\n\n')[0]!;
  const rows = table.split('\n').slice(2);
  return rows.flatMap((row) => {
    const [ops, inputs, attributes] = row
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    return [...ops!.matchAll(/`(\w+)`/g)].map(([, op]) => ({
      op: op!,
      inputs: inputs!,
      attributes: attributes === '' ? [] : attributesOf(attributes!),
    }));
  });
}

/** `**name** type`?, name = 1: what stands between two names belongs to the first. */
function attributesOf(cell: string): Attribute[] {
  const names = [...cell.matchAll(/(\*\*)?`([a-z_]+)`/g)];
  return names.map((match, at) => {
    const rest = cell.slice(match.index, names[at + 1]?.index).replace(/\*\*$/, '');
    const fallback = /= (-?\d+)/.exec(rest)?.[1];
    return {
      name: match[2]!,
      isTensor: match[1] !== undefined,
      mayBeAbsent: rest.includes('?') || fallback !== undefined,
      fallback: fallback === undefined ? undefined : Number(fallback),
    };
  });
}

const floats = (...shape: number[]): Tensor => ({
  dtype: 'F32',
  shape,
  data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(1),
});

const TENSORS = new Map<string, Tensor>([
  ['three', floats(3)],
  ['two', floats(2)],
  ['filters', floats(3, 3, 1, 1)],
  ['bits', { dtype: 'U64', shape: [3, 1], data: BigUint64Array.of(1n, 2n, 3n) }],
  ['bytes', { dtype: 'I8', shape: [2, 3], data: Int8Array.of(1, 2, 3, 4, 5, 6) }],
]);

const window = { stride: [1, 1], padding: [0, 0, 0, 0] };

/** A node of each operation with all its attributes; those that are strings are names of tensors. */
const EXAMPLES: Readonly<Record<OpName, Readonly<Record<string, unknown>>>> = {
  conv2d: { weight: 'filters', bias: 'three', ...window, groups: 1 },
  sign: { threshold: 'three' },
  binary_conv2d: {
    weight: 'bits',
    alpha: 'three',
    kernel: [1, 1],
    in_channels: 3,
    out_channels: 3,
    ...window,
    padding_value: 0,
    groups: 1,
  },
  batch_norm: { mean: 'three', variance: 'three', gamma: 'three', beta: 'three', epsilon: 1e-5 },
  affine: { scale: 'three', bias: 'three' },
  prelu: { slope: 'three' },
  relu: { max: 6 },
  hard_tanh: {},
  add: {},
  concat: {},
  average_pool2d: { kernel: [1, 1], ...window },
  max_pool2d: { kernel: [1, 1], ...window },
  global_average_pool: {},
  flatten: {},
  dense: { weight: 'bytes', weight_scale: 'two', bias: 'two' },
};

/** The node of an operation alone in a graph, parsed. */
function parsed(op: OpName, attributes: Readonly<Record<string, unknown>>, inputs = 1) {
  const before = OPERATIONS[op].readsBinary
    ? { name: 'before', op: 'sign', inputs: ['image'] }
    : { name: 'before', op: op === 'dense' ? 'flatten' : 'relu', inputs: ['image'] };
  const node = { name: 'node', op, inputs: new Array(inputs).fill('before'), ...attributes };
  const after = OPERATIONS[op].makesBinary
    ? [
        {
          ...{ name: 'after', op: 'binary_conv2d', inputs: ['node'], weight: 'bits' },
          ...{ kernel: [1, 1], in_channels: 3, out_channels: 3, ...window },
        },
      ]
    : [];
  const json = {
    inputs: [{ name: 'image', shape: [3, 1, 1] }],
    nodes: [before, node, ...after],
    outputs: [after.length > 0 ? 'after' : 'node'],
  };
  return parseGraph(json, TENSORS).nodes[1]!;
}

describe('the table of operations', () => {
  const rows = tableOfOperations();

  test('has those of src/ops, each once', () => {
    expect(rows.map(({ op }) => op).sort()).toEqual(Object.keys(OPERATIONS).sort());
  });

  test.each(rows)('$op: inputs and attributes', ({ op, inputs, attributes }) => {
    const operation = OPERATIONS[op as OpName];
    const count = operation.inputs === 'many' ? '2 or more' : String(operation.inputs);
    expect(inputs).toBe(operation.readsBinary ? `${count}, binary` : count);
    expect(attributes.map(({ name }) => name).sort()).toEqual([...operation.attributes].sort());
  });

  test.each(rows)('$op: what is a tensor, may be absent, and stands for it then', (row) => {
    const op = row.op as OpName;
    const example = EXAMPLES[op];
    const inputs = OPERATIONS[op].inputs === 1 ? 1 : 2;
    parsed(op, example, inputs);
    for (const { name, isTensor, mayBeAbsent, fallback } of row.attributes) {
      expect(isTensor, name).toBe(typeof example[name] === 'string');
      const { [name]: _, ...rest } = example;
      if (!mayBeAbsent) {
        expect(() => parsed(op, rest, inputs), name).toThrow();
        continue;
      }
      const without = parsed(op, rest, inputs);
      if (fallback === undefined) expect(without).not.toEqual(parsed(op, example, inputs));
      else expect(without).toEqual(parsed(op, { ...rest, [name]: fallback }, inputs));
    }
  });
});

describe('the example', () => {
  const definition = JSON.parse(block('json'));
  let bytes: Uint8Array;
  beforeAll(async () => {
    const { write } = await import(`data:text/javascript,${encodeURIComponent(block('js'))}`);
    bytes = write(definition);
  });

  test('is a model, of as many bytes as the page says', () => {
    const model = parseModelFile(bytes);
    expect(model.name).toBe('Warm or cold');
    expect(model.labels).toEqual(['warm', 'cold']);
    const header = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(document.replace(/\s+/g, ' ')).toContain(
      `It has ${bytes.length} bytes: 8, a header of ${header},`,
    );
    expect(bytes.length).toBe(8 + header + 16 + 8 + 4);
  });

  test('is what the package writes, to the byte', () => {
    expect(writeSafetensors(parseSafetensors(bytes))).toEqual(bytes);
  });

  test.each(BUILDS)(
    'calls a red picture warm, with the logits of the page, in the build %s',
    async (build) => {
      const { graph, preprocessing } = parseModelFile(bytes);
      const data = Uint8Array.from({ length: 16 }, (_, at) => [255, 0, 0, 255][at % 4]!);
      const input = preprocess({ data, width: 2, height: 2 }, preprocessing);
      expect([...(await runGraph(graph, build, input))]).toEqual([0.5, -0.125]);
      expect(document).toContain('the logits 0.5 and -0.125: warm');
    },
  );
});

describe('when the version rises: what a reader does', () => {
  const file = (change: (metadata: Map<string, string>) => void) => {
    const { metadata, tensors } = JSON.parse(block('json'));
    const strings = new Map<string, string>(
      Object.entries<unknown>(metadata).map(([key, value]) => [
        key,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    );
    change(strings);
    return writeSafetensors({
      metadata: strings,
      tensors: new Map<string, Tensor>([
        ['conv.weight', { dtype: 'U64', shape: [2, 1], data: BigUint64Array.of(3n, 4n) }],
        ...['conv.alpha', 'bent.slope'].map((name): [string, Tensor] => {
          const { shape, data } = tensors[name];
          return [name, { dtype: 'F32', shape, data: Float32Array.from(data) }];
        }),
      ]),
    });
  };
  const replace =
    (key: string, before: string, after: string) => (metadata: Map<string, string>) => {
      const text = metadata.get(key)!;
      expect(text).toContain(before);
      metadata.set(key, text.replace(before, after));
    };

  test.each<[string, string, ReturnType<typeof replace>]>([
    ['a later version', 'MODEL_VERSION', (metadata) => metadata.set('format_version', '2')],
    ['an unknown operation', 'UNKNOWN_OPERATION', replace('graph', '"prelu"', '"gelu"')],
    ['an unknown attribute', 'GRAPH_INVALID', replace('graph', '"slope"', '"dilation":2,"slope"')],
    [
      'an unknown value',
      'GRAPH_INVALID',
      replace('graph', '"outputs"', '"stream":{"type":"int8"},"outputs"'),
    ],
    ['an unknown filter', 'MODEL_METADATA', replace('preprocessing', 'bilinear', 'hamming')],
  ])('%s is refused: %s', (_, code, change) => {
    expect(() => parseModelFile(file(change))).toThrow(expect.objectContaining({ code }));
    expect(document).toContain(`\`${code}\``);
  });

  test('an unknown metadata key is passed over', () => {
    const model = parseModelFile(file((metadata) => metadata.set('colour', 'blue')));
    expect(model.formatVersion).toBe(FORMAT_VERSION);
    expect(document).toContain(`Format version ${FORMAT_VERSION}.`);
  });
});
