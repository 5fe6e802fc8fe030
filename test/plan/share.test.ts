import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  exportedNames,
  exportedParameters,
  parseAssembly,
  readSources,
} from '../../build/assembly.js';
import { mobinet } from '../../src/networks/mobinet.ts';
import { argumentsOf, partOf } from '../../src/plan/share.ts';
import { planGraph } from '../helpers/plan.ts';

test('parts follow one another from nothing to all the work, none larger than another by two', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.integer({ min: 1, max: 16 }), (work, threads) => {
      const parts = Array.from({ length: threads }, (_, thread) => partOf(work, thread, threads));
      expect(parts[0]!.begin).toBe(0);
      expect(parts.at(-1)!.end).toBe(work);
      for (const [index, { begin }] of parts.slice(1).entries()) {
        expect(begin).toBe(parts[index]!.end);
      }
      const sizes = parts.map(({ begin, end }) => end - begin);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(2);
    }),
  );
});

/** Names of the parameters of every kernel, after the range of work, as a binary takes them. */
const parameters = new Map(
  [...parseAssembly(readSources()).entries.values()].flat().flatMap((kernel) => {
    const names = exportedParameters(kernel).map(({ name }) => name);
    return exportedNames(kernel).map((name) => [name, names.slice(2)] as const);
  }),
);

/** Parameters that are scratch memory, where they are used. */
const SCRATCH = ['tableBase', 'partialSums', 'run', 'window'];

test('threads have scratch memory of their own, apart from all else, and share the rest', () => {
  const graph = mobinet({ block: 'mid', k: 3, width: 1, size: 64, classes: 10 });
  const { steps } = planGraph(graph, 'simd', 3);
  let seen = 0;
  for (const step of steps) {
    const [first, second, third] = [0, 1, 2].map((thread) => argumentsOf(step, thread));
    const names = parameters.get(step.kernel)!;
    for (const [index, name] of names.entries()) {
      const stride = second![index]! - first![index]!;
      expect(third![index]! - second![index]!).toBe(stride);
      const thrownAway = name === 'stream' && first![names.indexOf('streamTileBytes')] === 0;
      const isScratch = (SCRATCH.includes(name) && first![index] !== 0) || thrownAway;
      expect(stride > 0, `${step.kernel} ${name}`).toBe(isScratch);
      if (isScratch) seen++;
    }
  }
  expect(seen).toBeGreaterThan(10);
});
