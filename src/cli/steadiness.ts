/** Whether labels stay when the picture that the network sees is changed in ways that nobody sees. */

import { compose } from '../image/compose.ts';
import { crop, normalize } from '../image/preprocess.ts';
import type { Pixels } from '../image/resize.ts';
import { decodePicture, enoughFor } from '../node/decode.ts';
import type { NodeModel, ReadOptions } from '../node/load.ts';
import { topK } from '../top-k.ts';
import { readPicture } from './picture-files.ts';

const JPEG_QUALITY = 90;

/** The changes, of pixels after resize and crop. */
const CHANGES = {
  /** Each value a grey level down, up or as it was. */
  noise: ({ data }: Pixels, seed: number) => {
    const random = randomNumbers(seed);
    return Uint8ClampedArray.from(data, (level) => level + Math.floor(3 * random()) - 1);
  },
  /** One pixel to the right, the first column repeated. */
  shift: ({ data, width }: Pixels) =>
    Uint8ClampedArray.from(data, (level, i) => (i % (3 * width) < 3 ? level : data[i - 3]!)),
  jpeg: async ({ data, width, height }: Pixels) => {
    const { default: sharp } = await import('sharp');
    const raw = { width, height, channels: 3 } as const;
    const options = { quality: JPEG_QUALITY, chromaSubsampling: '4:2:0' };
    const file = await sharp(Uint8Array.from(data), { raw }).jpeg(options).toBuffer();
    return (await decodePicture(file)).data;
  },
} as const;

export type Change = keyof typeof CHANGES;

/** A fraction (0..1) of labels for each change. */
export type Steadiness = Readonly<Record<Change, number>>;

/** What the changes are in words. */
export const CHANGE_NAMES: Readonly<Record<Change, string>> = {
  noise: 'noise of one grey level',
  shift: 'shift by one pixel',
  jpeg: `JPEG at quality ${JPEG_QUALITY}`,
};

/**
 * Which changes give the picture of a file another label.
 * @param seed of the noise
 * @throws InputError, FileError as `decodePicture` and `readPicture`
 */
export async function changesOfLabel(
  model: Pick<NodeModel, 'run' | 'describe'>,
  file: string,
  { maxPixels, maxBytes }: ReadOptions,
  seed: number,
): Promise<Change[]> {
  const { preprocessing } = model.describe();
  const picture = await decodePicture(await readPicture(file, maxBytes), {
    maxPixels,
    enough: enoughFor(preprocessing),
  });
  const { pixels, place } = crop(compose(picture), preprocessing);
  const label = async (data: Pixels['data']) => {
    const logits = await model.run(normalize({ ...pixels, data }, place, preprocessing));
    return topK(logits, 1)[0]!.index;
  };
  const usual = await label(pixels.data);
  const changed: Change[] = [];
  for (const change of Object.keys(CHANGES) as Change[]) {
    if ((await label(await CHANGES[change](pixels, seed))) !== usual) changed.push(change);
  }
  return changed;
}

/** The share of pictures whose label each change changes; `changed` has a list a picture. */
export function steadinessOf(changed: readonly (readonly Change[])[]): Steadiness {
  const share = (change: Change) =>
    changed.filter((changes) => changes.includes(change)).length / Math.max(1, changed.length);
  return { noise: share('noise'), shift: share('shift'), jpeg: share('jpeg') };
}

/** Uniform in 0..1, a linear congruential generator: good enough for three outcomes. */
function randomNumbers(seed: number): () => number {
  let state = (seed + 1) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
