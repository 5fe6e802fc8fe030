import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('a loaded model keeps neither its file nor its constants; one disposed of keeps no memory', () => {
  const script = fileURLToPath(new URL('../../bench/memory.js', import.meta.url));
  const printed = execFileSync(process.execPath, ['--expose-gc', script], { encoding: 'utf8' });
  const { fileBytes, memoryBytes, loaded, disposed } = JSON.parse(printed);
  expect(fileBytes).toBeGreaterThan(5_000_000);
  expect(loaded.buffers).toBeGreaterThanOrEqual(memoryBytes);
  expect(loaded.buffers - memoryBytes).toBeLessThan(200_000);
  expect(loaded.objects).toBeLessThan(1_000_000);
  expect(disposed.buffers).toBeLessThan(200_000);
  expect(disposed.objects).toBeLessThan(1_000_000);
});
