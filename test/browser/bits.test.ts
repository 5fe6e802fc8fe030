import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BUILDS } from '../../src/kernels/builds.ts';
import { loadModel } from '../../src/node/index.ts';
import { bitsOf, fixedInput } from '../engines/fixed-input.ts';
import { row } from '../platforms/row.ts';
import { describeInChromium } from './chromium.ts';

const model = readFileSync(
  new URL('../../models/mobinet-mid-k3-w50-64.safetensors', import.meta.url),
);

describeInChromium('Chromium beside Node', (fixture) => {
  test.each(BUILDS)('%s: the logits are the same bits', async (build) => {
    const wasm = readFileSync(new URL('../../dist/mobinet.plain.wasm', import.meta.url));
    const inNode = await loadModel(Uint8Array.from(model), { build: 'plain', wasm });
    const [channels, height, width] = inNode.describe().input;
    const input = fixedInput(channels * height * width);
    const wanted = await inNode.run(input);
    const page = await fixture.open();
    row({
      kind: 'Pages',
      setUp: `Chromium ${page.context().browser()?.version()}`,
      ran: `the logits of the build \`${build}\``,
      configuration: 'none',
      result: 'those of Node, bit for bit',
    });
    const logits = await page.evaluate(
      async ({ build, values }) => {
        const inPage = await mobinet.loadModel(mobinet.MODEL, { build });
        return [...(await inPage.run(Float32Array.from(values)))];
      },
      { build, values: [...input] },
    );
    expect(bitsOf(logits)).toEqual(bitsOf(wanted));
    expect(new Set(logits).size).toBeGreaterThan(1);
  });
});
