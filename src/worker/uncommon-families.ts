import type { Platform } from '../loading.ts';

/**
 * The families of kernels that are not common, in a worker: by an address that bundlers make an asset
 * of, as of the kernels. Imported by name they would be a second file of the worker's script, which
 * Vite's builds make a single one by default.
 *
 * esbuild compiles this file: TypeScript's compiler would wrap what is imported, and hide the comments
 * from bundlers.
 */
export const uncommonFamilies: Platform['uncommonFamilies'] = () => {
  const { href } = new URL('../kernels/uncommon.js', import.meta.url);
  return import(/* @vite-ignore */ /* webpackIgnore: true */ href);
};
