import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MUTATIONS } from './list.js';

// The runs that make the mutations take minutes; this one says at once that a file has moved on.
test.each(
  MUTATIONS.flatMap(({ file, mutations }) =>
    mutations.map(([what, before]) => ({ file, what, before })),
  ),
)('$file: "$what" finds its one place', ({ file, before }) => {
  const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  expect(source.split(before).length - 1).toBe(1);
});
