import { expect, test } from 'vitest';
import * as errors from '../../src/errors.ts';
import { packError, reviveError } from '../../src/worker/packed-error.ts';

const cross = (error: unknown) => reviveError(structuredClone(packError(error)));

const CLASSES = [
  errors.MobinetError,
  errors.ModelFormatError,
  errors.GraphError,
  errors.InputError,
  errors.RuntimeError,
  errors.FileError,
];

test.each(CLASSES)('%o comes out as it went in', (Class) => {
  for (const details of [{}, { hint: 'try (again)' }]) {
    const error = new Class('MODEL_DIGEST', 'It is damaged (really)', details);
    const revived = cross(error);
    expect(revived.constructor).toBe(Class);
    const { name, code, message, hint } = error;
    expect(revived).toMatchObject({ name, code, message });
    expect(revived.hint).toBe(hint);
  }
});

test.each<[string, unknown, string]>([
  ['an error of the engine', new RangeError('too far'), 'too far'],
  ['what is no error', 'text', 'text'],
])('%s: WORKER_FAILED, with what it said', (_, thrown, text) => {
  const revived = cross(thrown);
  expect(revived).toBeInstanceOf(errors.RuntimeError);
  expect(revived).toMatchObject({
    code: 'WORKER_FAILED',
    message: expect.stringContaining(text),
    hint: undefined,
  });
});
