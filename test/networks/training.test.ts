import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { loadModel } from '../../src/index.ts';
import type { AbcNetOptions } from '../../src/networks/abc-net.ts';
import { NETWORKS, type NetworkName } from '../../src/networks/index.ts';
import { type MobinetOptions, mobinetDefinition } from '../../src/networks/mobinet.ts';
import type { GraphDefinition } from '../../src/networks/writer.ts';
import { wasmModule } from '../helpers/run.ts';

type Case = Pick<MobinetOptions, 'block' | 'k' | 'width' | 'levels' | 'floatBlocks'> & {
  readonly graph: unknown;
};

interface Kind {
  readonly network: NetworkName;
  readonly options: Pick<AbcNetOptions, 'weightBases' | 'activationBases'>;
  readonly graph: unknown;
}

const fixture = (name: string) =>
  readFileSync(new URL(`../fixtures/networks/${name}`, import.meta.url));
const unpacked = (name: string) => JSON.parse(gunzipSync(fixture(name)).toString());
const cases: Case[] = unpacked('mobinet.json.gz');
const kinds: Kind[] = unpacked('kinds.json.gz');
const logits: Record<string, number[]> = JSON.parse(fixture('logits.json').toString());

/** The graph with each tensor as its type and shape, as the fixture has them. */
function graphOf({ json, tensors }: GraphDefinition): unknown {
  const nodes = json.nodes.map((node) =>
    Object.fromEntries(
      Object.entries(node).map(([key, value]) => {
        const tensor = key === 'name' ? undefined : tensors.get(value as string);
        return [key, tensor === undefined ? value : [tensor.dtype, tensor.shape]];
      }),
    ),
  );
  return { ...json, nodes };
}

describe('mobinetDefinition and training/ build the same graph', () => {
  const name = 'block $block, K = $k, width $width, levels $levels, float blocks $floatBlocks';
  test.each(cases)(name, ({ graph, ...network }) => {
    const options = { ...network, size: 32, classes: 10 };
    if (graph === null) expect(() => mobinetDefinition(options)).toThrow(/not in groups of/);
    else expect(graphOf(mobinetDefinition(options))).toEqual(graph);
  });

  test('the cases are all blocks of the paper, K = 0 to 4 and widths, and five others', () =>
    expect(cases).toHaveLength(80 + 5));
});

describe('the networks that MoBiNet is compared with', () => {
  test.each(kinds)('training/ builds the same $network', ({ network, options, graph }) => {
    const sizes = { width: 0.25, size: 32, classes: 10 };
    expect(graphOf(NETWORKS[network].definition({ ...sizes, ...options }))).toEqual(graph);
  });

  test.each(Object.entries(logits))(
    'a file of %s gives the logits of PyTorch',
    async (kind, theirs) => {
      const file = fixture(`${kind}.safetensors`);
      const model = await loadModel(file, { build: 'simd', wasm: wasmModule('simd') });
      const input = Float32Array.from(
        { length: 3 * 32 * 32 },
        (_, at) => ((at * 37) % 101) / 50 - 1,
      );
      const ours = await model.run(input);
      const range = Math.max(...theirs) - Math.min(...theirs);
      expect(ours).toHaveLength(theirs.length);
      for (const [at, logit] of ours.entries()) {
        expect(Math.abs(logit - theirs[at]!)).toBeLessThan(1e-4 * range);
      }
    },
  );

  test('there is a file of each kind', () => expect(Object.keys(logits)).toHaveLength(9));
});
