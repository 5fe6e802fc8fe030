/** The options of every network, and their checks. */

import { InputError } from '../errors.ts';

export interface NetworkOptions {
  /** Factor of all channel counts: 1, 0.75, 0.5 or 0.25. */
  readonly width: number;
  /** Height and width of the input, pixels; a multiple of 32. */
  readonly size: number;
  readonly classes: number;
  /** How many bits a weight of the head has; default 32, float32. */
  readonly headBits?: 8 | 32 | undefined;
  /** Of the random weights; default 1. */
  readonly seed?: number;
}

/** @throws InputError INVALID_OPTION */
export function checkOption(holds: boolean, what: string, hint: string): void {
  if (!holds) throw new InputError('INVALID_OPTION', what, { hint });
}

/** @throws InputError INVALID_OPTION */
export function checkNetworkOptions({ width, size, classes }: NetworkOptions): void {
  checkOption([1, 0.75, 0.5, 0.25].includes(width), `width is ${width}`, '1, 0.75, 0.5 or 0.25');
  const fits = Number.isInteger(size) && size >= 32 && size <= 1024 && size % 32 === 0;
  checkOption(fits, `size is ${size}`, 'a multiple of 32 from 32 to 1024');
  const few = Number.isInteger(classes) && classes >= 1 && classes <= 100_000;
  checkOption(few, `classes is ${classes}`, 'a whole number from 1 to 100000');
}
