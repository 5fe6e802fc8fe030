import { invalidOption } from '../errors.ts';

/** @throws InputError INVALID_OPTION where an option that bounds something is no number */
export function checkBound(option: string, value: unknown): void {
  if (value === undefined || (typeof value === 'number' && value >= 0)) return;
  throw invalidOption(option, value, 'a number, at least 0');
}
