import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** The rooms of src/ in the order of docs/architecture.md: each imports only from those before it. */
const ROOMS = [
  'json',
  'joined',
  'errors',
  'tensor',
  'ops',
  'graph',
  'image',
  'file',
  'networks',
  'import',
  'export',
  'kernels',
  'plan',
  'runtime',
  'top-k',
  'predictions',
  'embedding',
  'teach',
  'model',
  'loading',
  'batch',
  'web',
  'index',
  'node',
  'worker',
  'bundled',
  'cli',
];

const src = new URL('../src/', import.meta.url);

const roomOf = (file: string) => (file.split('/')[0] as string).replace('.ts', '');

const imports = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) => {
    const text = readFileSync(new URL(file, src), 'utf8');
    return [...text.matchAll(/^(?:import|export)[^;]*? from '(\.[^']+)'/gm)].map(([, path]) => ({
      file,
      from: roomOf(file),
      to: roomOf(new URL(path!, new URL(file, 'file:///')).pathname.slice(1)),
    }));
  });

test('every room imports only from the rooms before it', () => {
  expect(imports.length).toBeGreaterThan(300);
  const place = (room: string) => ROOMS.indexOf(room);
  const backwards = imports.filter(({ from, to }) => !(place(to) <= place(from) && place(to) >= 0));
  expect(backwards).toEqual([]);
});

test('the way from a file to calls goes through each step of the plan once', () => {
  const plan = readFileSync(new URL('plan/plan.ts', src), 'utf8');
  const steps = ['stagesOf(', 'select(', 'emitCalls(', 'lifetimesOf(', 'layOut('];
  const body = plan.slice(plan.indexOf('export function planGraph'));
  for (const step of steps) expect(body.split(step), step).toHaveLength(2);
  // Nobody but the plan's own first page calls them.
  const others = readdirSync(new URL('kernels/', src)).map((file) =>
    readFileSync(new URL(`kernels/${file}`, src), 'utf8'),
  );
  for (const text of others) for (const step of steps) expect(text).not.toContain(step);
});

test('what the command line writes goes through what makes it safe for a terminal', () => {
  const writers = readdirSync(new URL('cli/', src)).filter((file) =>
    /process\.std(out|err)\.write|console\./.test(
      readFileSync(new URL(`cli/${file}`, src), 'utf8'),
    ),
  );
  expect(writers).toEqual(['output.ts']);
});
