import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseModelFile, writeModelFile } from '../../src/file/model-file.ts';
import { loadModel } from '../../src/node/index.ts';
import { OPERATIONS } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { BUILDS, wasmModule } from '../helpers/run.ts';

const document = readFileSync(new URL('../../docs/model-format.md', import.meta.url), 'utf8');

describe('the table of operations in docs/model-format.md', () => {
  const rows = [...document.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|([^|]*)\|([^|]*)\|/gm)]
    .map(([, names, inputs, attributes]) => ({
      names: [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
      inputs: inputs!,
      attributes: attributes!,
    }))
    .filter(({ names }) => names.some((name) => name in OPERATIONS));

  test('has every operation, and no other', () => {
    const told = rows.flatMap(({ names }) => names);
    expect(told.sort()).toEqual(Object.keys(OPERATIONS).sort());
  });

  test.each(Object.values(OPERATIONS))('$op: its inputs and attributes', (operation) => {
    const row = rows.find(({ names }) => names.includes(operation.op))!;
    const inputs = operation.inputs === 'many' ? '2 or more' : String(operation.inputs);
    expect(row.inputs.trim()).toBe(operation.readsBits ? `${inputs}, binary` : inputs);
    const told = [...row.attributes.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name);
    expect(told.sort()).toEqual([...operation.attributes].sort());
  });
});

describe('the example in docs/model-format.md', () => {
  const json = JSON.parse(/```json\n([\s\S]*?)```/.exec(document)![1]!);
  const metadata = new Map<string, string>(
    Object.entries(json).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
  const tensors = new Map<string, Tensor>([
    ['signs.threshold', { dtype: 'F32', shape: [1], data: Float32Array.of(0.5) }],
    ['conv.weight', { dtype: 'U64', shape: [2, 1], data: BigUint64Array.of(0b101n, 0b010n) }],
    ['conv.alpha', { dtype: 'F32', shape: [2], data: Float32Array.of(0.5, 2) }],
  ]);

  test('is written, read again, and has the logits that the document says', async () => {
    const file = await writeModelFile({ metadata, tensors });
    expect(parseModelFile(file).graph.nodes.map(({ op }) => op)).toEqual([
      'sign',
      'binary_conv2d',
      'global_average_pool',
    ]);
    const green = Float32Array.from({ length: 12 }, (_, at) => (Math.floor(at / 4) === 1 ? 1 : 0));
    for (const build of BUILDS) {
      const model = await loadModel(file, { build, wasm: wasmModule(build) });
      expect([...(await model.run(green))], build).toEqual([-1.5, 6]);
      model.dispose();
    }
  });

  test('of another version is refused', async () => {
    const file = await writeModelFile({
      metadata: new Map([...metadata, ['format_version', '2']]),
      tensors,
    });
    expect(() => parseModelFile(file)).toThrow(/version/);
  });
});
