import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type MobinetOptions, mobinetDefinition } from '../../src/networks/mobinet.ts';

type Case = Pick<MobinetOptions, 'block' | 'k' | 'width' | 'levels' | 'floatBlocks'> & {
  readonly graph: unknown;
};

const file = new URL('../fixtures/networks/mobinet.json.gz', import.meta.url);
const cases: Case[] = JSON.parse(gunzipSync(readFileSync(file)).toString());

/** The graph with each tensor as its type and shape, as the fixture has them. */
function graphOf(options: MobinetOptions): unknown {
  const { json, tensors } = mobinetDefinition(options);
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
    if (graph === null) expect(() => graphOf(options)).toThrow(/not in groups of/);
    else expect(graphOf(options)).toEqual(graph);
  });

  test('the cases are all blocks of the paper, K = 0 to 4 and widths, and five others', () =>
    expect(cases).toHaveLength(80 + 5));
});
