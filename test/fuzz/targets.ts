import { randomFrom } from '../helpers/random.ts';
import type { Target } from './target.ts';
import { graphs } from './targets/graphs.ts';
import { imports } from './targets/imports.ts';
import { models } from './targets/models.ts';
import { options } from './targets/options.ts';
import { pictures } from './targets/pictures.ts';

export const TARGETS: Readonly<Record<string, Target>> = {
  models,
  imports,
  pictures,
  options,
  graphs,
};

/** The input of that number: it follows from the seed alone. */
export async function inputOf(target: string, seed: number, index: number): Promise<Uint8Array> {
  const name = [...target].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7);
  return TARGETS[target]!.make(randomFrom(Math.imul(seed, 0x9e3779b1) ^ (name + index)));
}
