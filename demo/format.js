// @ts-check
/** Numbers as text, with units, as the command line writes them. */

const NARROW_SPACE = '\u202f';

/** @param {number} share 0..1 */
export function percent(share) {
  return `${(share * 100).toFixed(1)}${NARROW_SPACE}%`;
}

/** @param {number} value in milliseconds */
export function milliseconds(value) {
  const digits = [0.1, 10, 100].filter((limit) => value < limit).length;
  return value.toFixed(digits);
}

/** @param {number} count of bytes */
export function bytes(count) {
  if (count < 1e3) return `${count}${NARROW_SPACE}B`;
  const [divisor, unit] = count < 1e6 ? [1e3, 'kB'] : [1e6, 'MB'];
  return `${(count / divisor).toFixed(1)}${NARROW_SPACE}${unit}`;
}

/** @param {number} count such as of parameters */
export function millions(count) {
  return `${(count / 1e6).toFixed(2)}${NARROW_SPACE}M`;
}
