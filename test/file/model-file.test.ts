import { describe, expect, test } from 'vitest';
import { parseModelFile, verifyDigest } from '../../src/file/model-file.ts';
import { parseSafetensors, writeSafetensors } from '../../src/file/safetensors.ts';
import { type tinyContainer, tinyModelFile } from '../helpers/model-file.ts';

type Change = (container: ReturnType<typeof tinyContainer>) => void;

/** Writes JSON over one metadata field. */
const set =
  (field: string, value: unknown): Change =>
  ({ metadata }) =>
    metadata.set(field, typeof value === 'string' ? value : JSON.stringify(value));

const preprocessing =
  (changes: Record<string, unknown>): Change =>
  ({ metadata }) => {
    const before = JSON.parse(metadata.get('preprocessing')!);
    metadata.set('preprocessing', JSON.stringify({ ...before, ...changes }));
  };

test('a whole model: every field as it was written', async () => {
  const bytes = await tinyModelFile(set('temperature', '1.5'));
  const model = parseModelFile(bytes);
  expect(model).toMatchObject({
    name: 'tiny',
    formatVersion: '1',
    labels: ['ant', 'bee', 'cat', 'dog', 'eel'],
    labelIds: ['n1', 'n2', 'n3', 'n4', 'n5'],
    temperature: 1.5,
    provenance: { weights: 'by hand' },
    byteLength: bytes.length,
  });
  expect(model.preprocessing.size).toEqual([6, 6]);
  expect(model.graph.output).toBe('logits');
});

test('what may be left out: label_ids, provenance, temperature, digest', async () => {
  const bytes = await tinyModelFile(({ metadata }) => {
    for (const field of ['label_ids', 'provenance']) metadata.delete(field);
  });
  const { metadata, tensors } = parseSafetensors(bytes);
  const bare = new Map([...metadata].filter(([field]) => field !== 'digest'));
  const stripped = writeSafetensors({ metadata: bare, tensors });
  expect(parseModelFile(stripped)).toMatchObject({
    labelIds: undefined,
    provenance: {},
    temperature: 1,
    digest: undefined,
  });
  expect(await verifyDigest(stripped)).toBe('absent');
});

test('metadata nested 200,000 deep: refused, whichever it is; brackets in strings are none', async () => {
  const depth = 200_000;
  const nested = `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  for (const field of ['provenance', 'graph', 'labels', 'preprocessing']) {
    const bytes = await tinyModelFile(set(field, nested));
    expect(() => parseModelFile(bytes), field).toThrow(
      expect.objectContaining({
        code: 'MODEL_METADATA',
        message: expect.stringContaining(`${field}: nested too deep (at most 64)`),
      }),
    );
  }
  const text = { recipe: `"${'[{'.repeat(1000)}\\"` };
  expect(parseModelFile(await tinyModelFile(set('provenance', text))).provenance).toEqual(text);
});

describe('metadata that is refused', () => {
  test.each<[string, string, RegExp, Change]>([
    [
      'no format',
      'NOT_A_MODEL',
      /not a mobinet model/,
      ({ metadata }) => metadata.delete('format'),
    ],
    ['a later version', 'MODEL_VERSION', /"2"/, set('format_version', '2')],
    [
      'no version',
      'MODEL_METADATA',
      /format_version/,
      ({ metadata }) => metadata.delete('format_version'),
    ],
    ['no name', 'MODEL_METADATA', /name/, set('name', '')],
    ['a graph that is no JSON', 'MODEL_METADATA', /graph/, set('graph', '{')],
    ['a graph that is no graph', 'GRAPH_INVALID', /./, set('graph', '{}')],
    [
      'a label too few',
      'MODEL_METADATA',
      /4 labels.*5 classes/,
      set('labels', ['a', 'b', 'c', 'd']),
    ],
    ['labels that are no strings', 'MODEL_METADATA', /labels/, set('labels', [1, 2, 3, 4, 5])],
    [
      'label_ids too many',
      'MODEL_METADATA',
      /6 label_ids/,
      set('label_ids', ['1', '2', '3', '4', '5', '6']),
    ],
    ['a temperature of 0', 'MODEL_METADATA', /temperature/, set('temperature', '0')],
    [
      'a temperature that is no number',
      'MODEL_METADATA',
      /temperature/,
      set('temperature', 'warm'),
    ],
    ['provenance that is a list', 'MODEL_METADATA', /provenance/, set('provenance', [])],
    ['another size than the graph', 'MODEL_METADATA', /8x8.*6x6/, preprocessing({ size: [8, 8] })],
    ['a size of 0', 'MODEL_METADATA', /size/, preprocessing({ size: [0, 6] })],
    [
      'an unknown filter',
      'MODEL_METADATA',
      /filter/,
      preprocessing({ resize: { rule: 'shorter-side', size: 6, filter: 'nearest' } }),
    ],
    [
      'an unknown rule',
      'MODEL_METADATA',
      /rule/,
      preprocessing({ resize: { rule: 'longer-side', size: 6, filter: 'box' } }),
    ],
    ['a std of 0', 'MODEL_METADATA', /std/, preprocessing({ std: [0, 1, 1] })],
    ['two means', 'MODEL_METADATA', /mean/, preprocessing({ mean: [0, 0] })],
    ['an unknown crop', 'MODEL_METADATA', /crop/, preprocessing({ crop: 'random' })],
    [
      'a missing tensor',
      'TENSOR_MISSING',
      /head\.bias/,
      ({ tensors }) => tensors.delete('head.bias'),
    ],
  ])('%s: %s', async (_, code, message, change) => {
    const bytes = await tinyModelFile(change);
    expect(() => parseModelFile(bytes)).toThrowError(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

describe('digest', () => {
  test('a file as written is verified', async () => {
    expect(await verifyDigest(await tinyModelFile())).toBe('verified');
  });

  test('one changed bit of a tensor, a label or a name is found', async () => {
    const bytes = await tinyModelFile();
    const text = new TextDecoder('latin1').decode(bytes);
    for (const at of [bytes.length - 1, text.indexOf('eel'), text.indexOf('tiny')]) {
      const changed = bytes.slice();
      changed[at]! ^= 1;
      await expect(verifyDigest(changed)).rejects.toMatchObject({ code: 'MODEL_DIGEST' });
    }
  });

  test('the order of the tensors in the file does not matter', async () => {
    const { metadata, tensors } = parseSafetensors(await tinyModelFile());
    const renamed = [...tensors].reverse();
    const again = writeSafetensors({ metadata, tensors: new Map(renamed) });
    expect(await verifyDigest(again)).toBe('verified');
  });
});
