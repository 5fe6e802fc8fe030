/**
 * The entry for bundlers. Vite's development server moves dependencies into one file, where their
 * `new URL(..., import.meta.url)` no longer finds the kernels; what is not named `.js` it serves
 * from where it is.
 */

export * from '../index.ts';
