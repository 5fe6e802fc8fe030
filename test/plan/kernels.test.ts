import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { KERNEL_PARAMETERS, TABLE_BASE } from '../../src/kernels/abi.ts';
import { instantiateKernels } from '../../src/runtime/engine.ts';
import { BUILDS, wasmModule } from '../helpers/run.ts';

/** Work of SIMD kernels that has no equal in the plain build: the plan never asks it for them. */
const SIMD_ONLY = [
  'binaryPointwiseNibbles',
  'binaryGrouped3x3Planes',
  'signNibbles',
  'signPlanes',
  'averagePool2x2',
].flatMap((name) => [name, `${name}Int16`]);

const KINDS = BUILDS.flatMap((build) => [[build, ''] as const, [build, '-threads'] as const]);

describe.each(KINDS)('%s%s build', (build, kind) => {
  test('exports every kernel that the plan may ask for, with as many parameters', async () => {
    const kernels = await instantiateKernels(
      wasmModule(build, kind),
      new WebAssembly.Memory({ initial: 1, maximum: 1, shared: kind !== '' }),
    );
    for (const [name, parameters] of Object.entries(KERNEL_PARAMETERS)) {
      const kernel = (kernels as Record<string, unknown>)[name];
      if (build === 'plain' && SIMD_ONLY.includes(name)) {
        expect(kernel, name).toBeUndefined();
      } else {
        expect(kernel, name).toBeTypeOf('function');
        expect((kernel as () => void).length, name).toBe(parameters.length + 2);
      }
    }
  });

  test('exports nothing that the plan does not know', () => {
    const known = new Set(Object.keys(KERNEL_PARAMETERS));
    const exported = WebAssembly.Module.exports(wasmModule(build, kind));
    const unknown = exported.filter(({ kind, name }) => kind === 'function' && !known.has(name));
    expect(unknown).toEqual([]);
  });
});

test('the look-up table of one thread is where assembly/memory-map.ts says', () => {
  const source = readFileSync(new URL('../../assembly/memory-map.ts', import.meta.url), 'utf8');
  expect(/TABLE_BASE: usize = ASC_FEATURE_THREADS \? 0 : (\d+)/.exec(source)?.[1]).toBe(
    String(TABLE_BASE),
  );
});
