/** What fuzzing has found, and does not find again. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { inputOf, TARGETS } from './targets.ts';

const folder = new URL('regressions/', import.meta.url);
const files = existsSync(folder) ? readdirSync(folder) : [];

describe('inputs that were faults', () => {
  test.each(files)('%s', async (file) => {
    const target = TARGETS[file.split('-')[0]!]!;
    const bytes = Uint8Array.from(readFileSync(new URL(file, folder)));
    expect(await target.check(bytes)).toMatch(/^(taken|[A-Z_]+)$/);
  });
});

describe('an input follows from its seed and number', () => {
  test.each(Object.keys(TARGETS))('of %s', async (target) => {
    const inputs = [await inputOf(target, 3, 5), await inputOf(target, 3, 5)];
    expect(inputs[0]).toEqual(inputs[1]);
    expect(inputs[0]).not.toEqual(await inputOf(target, 3, 6));
  });
});
