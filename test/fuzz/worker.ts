/**
 * Tries inputs, one after the other, in a process of its own: what ends or hangs it ends nothing else.
 * Told `{ seed, target, index, count }`, it says which it begins and what became of it.
 */

import { inputOf, TARGETS } from './targets.ts';

export interface Job {
  readonly seed: number;
  readonly target: string;
  /** Of the first. */
  readonly index: number;
  readonly count: number;
}

export type Said =
  | { readonly type: 'begin'; readonly index: number }
  | { readonly type: 'end'; readonly index: number; readonly outcome: string }
  | { readonly type: 'fault'; readonly index: number; readonly fault: string }
  | { readonly type: 'done' };

const say = (said: Said) => process.send!(said);

process.on('message', async ({ seed, target, index: first, count }: Job) => {
  for (let index = first; index < first + count; index++) {
    say({ type: 'begin', index });
    try {
      const outcome = await TARGETS[target]!.check(await inputOf(target, seed, index));
      say({ type: 'end', index, outcome });
    } catch (error) {
      say({
        type: 'fault',
        index,
        fault: error instanceof Error ? (error.stack ?? '') : String(error),
      });
    }
  }
  say({ type: 'done' });
});
