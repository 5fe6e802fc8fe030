import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { probeFeatures } from '../../src/runtime/features.ts';

/** Node before 22 runs relaxed SIMD only with it; what does so by itself tests the build as any other. */
const FLAG = '--experimental-wasm-relaxed-simd';
const isTestedAnyway = probeFeatures().includes('relaxed') || process.env.TEST_BUILD !== undefined;
const isKnown = spawnSync(process.execPath, [FLAG, '--eval', '']).status === 0;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TESTS = ['test/runtime/golden.test.ts', 'test/plan/int16.test.ts'];

test.skipIf(isTestedAnyway || !isKnown)(
  `relaxed: the goldens, and int16 as its oracle has it, in a Node with ${FLAG}`,
  async () => {
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', `--execArgv=${FLAG}`, '--reporter=json', ...TESTS],
      {
        cwd: ROOT,
        env: { ...Object.fromEntries(own), TEST_BUILD: 'relaxed' },
        maxBuffer: 2 ** 26,
        timeout: 280_000,
      },
    );
    const { numPassedTests } = JSON.parse(stdout.slice(stdout.indexOf('{')));
    expect(numPassedTests).toBeGreaterThan(20);
  },
  300_000,
);
