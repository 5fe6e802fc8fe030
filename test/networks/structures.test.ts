import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type MobinetOptions, mobinetDefinition } from '../../src/networks/mobinet.ts';
import type { GraphDefinition } from '../../src/networks/writer.ts';

interface Structure extends Pick<MobinetOptions, 'block' | 'k' | 'width'> {
  readonly refused: boolean;
  /** Of the lines, joined by newlines. */
  readonly sha256?: string;
  readonly lines?: readonly string[];
}

/** What training's exporter writes; training/structures.py makes it, a test there keeps it current. */
const EXPORTED: {
  readonly size: number;
  readonly classes: number;
  readonly networks: readonly Structure[];
} = JSON.parse(readFileSync(new URL('../fixtures/networks/mobinet.json', import.meta.url), 'utf8'));

/** As training/mobinet_training/structures.py writes them: a tensor's type and shape for its name. */
function linesOf({ json, tensors }: GraphDefinition): string[] {
  const textOf = (value: unknown): string => {
    const tensor = typeof value === 'string' ? tensors.get(value) : undefined;
    return tensor === undefined
      ? JSON.stringify(value)
      : `${tensor.dtype}${JSON.stringify(tensor.shape)}`;
  };
  return [
    ...json.inputs.map(({ name, shape }) => `${name} ${JSON.stringify(shape)}`),
    ...json.nodes.map(({ name, op, inputs, ...attributes }) => {
      const texts = Object.keys(attributes)
        .sort()
        .map((key) => ` ${key}=${textOf(attributes[key])}`);
      return `${name} = ${op}(${(inputs as string[]).join(', ')})${texts.join('')}`;
    }),
    `-> ${json.outputs.join(', ')}`,
  ];
}

const { size, classes, networks } = EXPORTED;

test('every block, K and width is compared', () => {
  const all = networks.map(({ block, k, width }) => `${block} ${k} ${width}`);
  expect(new Set(all).size).toBe(4 * 5 * 4);
  expect(all).toContain('mid 4 0.25');
  expect(networks.filter(({ refused }) => refused).length).toBeGreaterThan(0);
});

describe('the graph is that of training: nodes, inputs, attributes, types and shapes of tensors', () => {
  test.each(networks)('block $block, K = $k, width $width', (exported) => {
    const { block, k, width, refused, sha256, lines } = exported;
    const write = () => mobinetDefinition({ block, k, width, size, classes });
    if (refused) {
      expect(write).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
      return;
    }
    const written = linesOf(write());
    if (lines !== undefined) expect(written).toEqual(lines);
    expect(createHash('sha256').update(written.join('\n')).digest('hex')).toBe(sha256);
  });
});
