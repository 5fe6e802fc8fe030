/** The interface between host and kernels, src/kernels/abi.gen.ts, from the sources of the kernels. */

import { createHash } from 'node:crypto';
import { exportedParameters } from './assembly.js';

/** @typedef {import('./assembly.js').Assembly} Assembly */
/** @typedef {import('./assembly.js').Kernel} Kernel */

export const ABI_FILE = new URL('../src/kernels/abi.gen.ts', import.meta.url);

/** All kernels, each once, whichever of its instances an entry exports. */
function allKernels(/** @type {Assembly} */ { entries }) {
  const kernels = [...entries.values()].flat().map(({ instance: _, ...kernel }) => kernel);
  const byName = new Map(kernels.map((kernel) => [kernel.name, kernel]));
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Changes with any name or type of a parameter and any constant: scripts and kernels that do not agree
 * on it cannot work together.
 */
export function abiDigest(/** @type {Assembly} */ assembly) {
  const interfaces = allKernels(assembly).map((kernel) => {
    const { from: _, ...rest } = kernel;
    return { ...rest, parameters: exportedParameters(kernel) };
  });
  const text = JSON.stringify([interfaces, [...assembly.constants].sort()]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The text of src/kernels/abi.gen.ts. */
export function abiSource(/** @type {Assembly} */ assembly) {
  const kernels = allKernels(assembly);
  const generic = kernels.filter(({ typeParameters }) => typeParameters.length > 0);
  const others = kernels.filter(({ typeParameters }) => typeParameters.length === 0);
  const constants = [...assembly.constants].sort(([a], [b]) => (a < b ? -1 : 1));
  return `/** Generated from assembly/ by \`npm run build:wasm\`; not to be edited. */

/** Of all that follows: kernels of another digest take other parameters. */
export const ABI_DIGEST = '${abiDigest(assembly)}';

${constants.map(([name, value]) => `export const ${name} = ${value};\n`).join('')}
/** Parameters, after the range of work, of kernels that exist for each type of activations. */
export interface GenericKernels<Address> {
${generic.map(parametersOf).join('')}}

/** Parameters, after the range of work, of kernels that exist once. */
export interface SingleKernels<Address> {
${others.map(parametersOf).join('')}}
`;
}

function parametersOf(/** @type {Kernel} */ kernel) {
  const [, , ...parameters] = exportedParameters(kernel);
  const types = parameters.map(
    ({ name, type }) => `    ${name}: ${type === 'usize' ? 'Address' : 'number'};\n`,
  );
  return `  ${kernel.name}: {\n${types.join('')}  };\n`;
}
