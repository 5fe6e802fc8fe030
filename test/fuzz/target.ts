import type { Random } from '../helpers/random.ts';

/** Something that takes what strangers give. */
export interface Target {
  /** Ending of its regression files. */
  readonly extension: string;
  /** An input, which is all that `check` needs. */
  make(random: Random): Uint8Array | Promise<Uint8Array>;
  /**
   * Takes the input in; throws where it should not have gone as it did.
   * @returns what became of it: `taken`, or the code of the error that refused it
   */
  check(input: Uint8Array): Promise<string>;
}

/** Fails. */
export function expectThat(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
