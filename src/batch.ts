/** Any number of pictures, a few at a time. */

import { FileError, InputError, invalidOption, type MobinetError } from './errors.ts';
import type { Classification } from './model.ts';

export interface BatchOptions {
  /** How many pictures are under way at a time, at least 1; each takes its memory. */
  concurrency?: number | undefined;
}

/** What came of one picture of many. */
export type BatchResult<Source> = {
  /** Place among the pictures, from 0. */
  readonly index: number;
  readonly picture: Source;
} & (
  | { readonly classification: Classification; readonly error?: undefined }
  /** A picture that cannot be read; the others go on. */
  | { readonly classification?: undefined; readonly error: MobinetError }
);

/** Pictures, or promises of them, from anything that `for await` goes through. */
export type Pictures<Source> = Iterable<Source | Promise<Source>> | AsyncIterable<Source>;

/**
 * Classifies pictures as they are asked for, in their order. No more of them are taken than
 * `concurrency` beyond what has been handed out.
 * @throws InputError INVALID_OPTION; what is no fault of a picture
 */
export async function* classifyEach<Source>(
  pictures: Pictures<Source>,
  concurrency: number,
  classify: (picture: Source) => Promise<Classification>,
): AsyncGenerator<BatchResult<Source>, undefined> {
  if (!(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw invalidOption('concurrency', concurrency, 'a whole number of at least 1');
  }
  const source = each(pictures);
  const underWay: Promise<BatchResult<Source>>[] = [];
  let count = 0;
  let ended = false;
  let taking: Promise<undefined> | undefined;
  const take = async () => {
    const { done, value } = await source.next();
    taking = undefined;
    if (done) {
      ended = true;
      return;
    }
    const result = resultOf(count++, value, classify);
    // Reported where its turn comes, which may be never.
    result.catch(() => undefined);
    underWay.push(result);
  };
  try {
    while (true) {
      if (!ended && underWay.length < concurrency) taking ??= take() as Promise<undefined>;
      const [first] = underWay;
      if (first === undefined && taking === undefined) return;
      // What is done does not wait for a source that is slow.
      const result = await Promise.race([first, taking].filter((one) => one !== undefined));
      if (result === undefined) continue;
      underWay.shift();
      yield result;
    }
  } finally {
    await source.return(undefined);
  }
}

async function* each<Source>(pictures: Pictures<Source>): AsyncGenerator<Source, undefined> {
  for await (const picture of pictures) yield picture;
}

async function resultOf<Source>(
  index: number,
  picture: Source,
  classify: (picture: Source) => Promise<Classification>,
): Promise<BatchResult<Source>> {
  try {
    return { index, picture, classification: await classify(picture) };
  } catch (error) {
    const isThePictures = error instanceof FileError || error instanceof InputError;
    if (!isThePictures || error.code === 'INVALID_OPTION') throw error;
    return { index, picture, error };
  }
}
