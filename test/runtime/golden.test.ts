import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseModelFile } from '../../src/file/model-file.ts';
import { withActivations } from '../../src/graph/activations.ts';
import { preprocess } from '../../src/image/preprocess.ts';
import { topK } from '../../src/top-k.ts';
import { BUILDS, engineOf } from '../helpers/run.ts';

interface Golden {
  readonly model: string;
  readonly size: number;
  readonly cases: { readonly name: string; readonly pixels: string; readonly logits: number[] }[];
}

const folder = new URL('../fixtures/golden/', import.meta.url);

/**
 * PyTorch sums floats in another order: a number next to a sign's threshold may fall on the other
 * side, and its consequences reach the logits. They stay this small beside the logits' spread.
 */
const TOLERANCE = 0.001;

describe.each(readdirSync(folder))('%s: the logits of PyTorch', (file) => {
  const golden: Golden = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
  const bytes = readFileSync(new URL(`../../models/${golden.model}`, import.meta.url));
  const model = parseModelFile(Uint8Array.from(bytes));
  // PyTorch's feature maps are float32, whatever the model asks for.
  const graph = withActivations(model.graph, 'float32');
  test.each(golden.cases)('$name', async ({ pixels, logits }) => {
    const data = Uint8Array.from(Buffer.from(pixels, 'hex'));
    const picture = { data, width: golden.size, height: golden.size };
    const input = preprocess(picture, model.preprocessing);
    const spread = Math.max(...logits) - Math.min(...logits);
    const outputs: Float32Array[] = [];
    for (const build of BUILDS) {
      const output = (await engineOf(graph, build)).run(input);
      outputs.push(output);
      const difference = Math.max(...output.map((x, index) => Math.abs(x - logits[index]!)));
      expect(difference / spread, build).toBeLessThan(TOLERANCE);
      const best = topK(Float32Array.from(logits), 1)[0]!.index;
      expect(topK(output, 1)[0]!.index, build).toBe(best);
    }
    for (const output of outputs) expect(output).toEqual(outputs[0]);
  });
});
