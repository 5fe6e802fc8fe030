import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLedger, openLedger, type Work } from '../../src/runtime/ledger.ts';

const works = fc.array(fc.record({ work: fc.nat(300), granule: fc.integer({ min: 1, max: 40 }) }), {
  minLength: 1,
  maxLength: 6,
});
const threadCount = fc.integer({ min: 1, max: 4 });

interface Piece {
  readonly step: number;
  readonly begin: number;
  readonly end: number;
}

/** How often each unit of each step is in the pieces. */
function counts(steps: readonly Work[], pieces: readonly Piece[]): number[][] {
  const counted = steps.map(({ work }) => new Array<number>(work).fill(0));
  for (const { step, begin, end } of pieces) {
    for (let unit = begin; unit < end; unit++) counted[step]![unit]!++;
  }
  return counted;
}

const onceEach = (steps: readonly Work[]) =>
  steps.map(({ work }) => new Array<number>(work).fill(1));

describe('one thread, while the others never come', () => {
  test('does every unit of every step once, a step after the other, run after run', () => {
    fc.assert(
      fc.property(works, threadCount, (steps, threads) => {
        const ledger = openLedger(createLedger(threads), steps, 0, threads);
        for (let run = 0; run < 3; run++) {
          const pieces: Piece[] = [];
          ledger.start();
          ledger.run((step, begin, end) => pieces.push({ step, begin, end }));
          expect(counts(steps, pieces)).toEqual(onceEach(steps));
          const order = pieces.map(({ step }) => step);
          expect(order).toEqual([...order].sort((a, b) => a - b));
        }
      }),
    );
  });

  test('takes pieces that end at multiples of the granule, or where a part does', () => {
    const steps = [{ work: 7 * 128, granule: 128 }];
    const ledger = openLedger(createLedger(2), steps, 0, 2);
    const ends: number[] = [];
    ledger.start();
    ledger.run((_step, _begin, end) => ends.push(end));
    expect(ends.filter((end) => end % 128 !== 0)).toEqual([3.5 * 128]);
    expect(ends.length).toBeGreaterThan(4);
  });

  test('goes on where the numbers pass 2^31 and 2^32', () => {
    const steps = [{ work: 2 ** 29, granule: 2 ** 26 }];
    const ledger = openLedger(createLedger(1), steps, 0, 1);
    for (let run = 0; run < 20; run++) {
      let units = 0;
      ledger.start();
      ledger.run((_step, begin, end) => {
        units += end - begin;
      });
      expect(units, `run ${run}`).toBe(2 ** 29);
    }
  });
});

test('a thread that comes in the middle of a step takes what is left, and no more', () => {
  fc.assert(
    fc.property(works, fc.nat(20), (steps, joinAfter) => {
      const words = createLedger(2);
      const first = openLedger(words, steps, 0, 2);
      const second = openLedger(words, steps, 1, 2);
      const pieces: Piece[] = [];
      first.start();
      second.awaitStart();
      let taken = 0;
      first.run((step, begin, end) => {
        pieces.push({ step, begin, end });
        // All that can be done while the first is busy: the rest of this step.
        if (taken++ === joinAfter) {
          const rest = () => second.run((...piece) => pieces.push(asPiece(piece)));
          expect(untilWaiting(words, rest)).toBe(true);
        }
      });
      expect(counts(steps, pieces)).toEqual(onceEach(steps));
    }),
    { numRuns: 30 },
  );
});

function asPiece([step, begin, end]: [number, number, number]): Piece {
  return { step, begin, end };
}

/** Runs `work` until it would wait for others, by telling it that they have failed. */
function untilWaiting(words: Int32Array<SharedArrayBuffer>, work: () => void): boolean {
  const before = Atomics.load(words, 0);
  Atomics.store(words, 0, 1);
  try {
    work();
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'WORKER_FAILED';
  } finally {
    Atomics.store(words, 0, before);
  }
}

test('where a thread fails in the middle of a piece, the others throw WORKER_FAILED, then and later', () => {
  const steps = [{ work: 10, granule: 1 }];
  const words = createLedger(2);
  const first = openLedger(words, steps, 0, 2);
  const second = openLedger(words, steps, 1, 2);
  first.start();
  second.awaitStart();
  expect(() =>
    second.run(() => {
      throw new Error('broken');
    }),
  ).toThrow('broken');
  second.fail();
  const failure = expect.objectContaining({ name: 'RuntimeError', code: 'WORKER_FAILED' });
  expect(() => first.run(() => undefined)).toThrow(failure);
  expect(() => first.start()).toThrow(failure);
});
